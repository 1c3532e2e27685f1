#pragma once

#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/base/thread_pool.h"
#include "libs/rpc/caller.h"
#include "libs/rpc/page_stream.h"
#include "services/session_recorder/audit/session_reader.h"
#include "services/session_recorder/exports/exporter.h"
#include "services/session_recorder/live/live_sessions.h"

namespace countersign::session_recorder::api {

// SessionService over gRPC, for auditors. Every method needs the role auditor and is limited to the
// connections that the role is bound to. A tail reads every `tail_interval`. Thread-safe; the
// constructor's arguments must outlive it.
class SessionService final : public recorder::v1::SessionService::CallbackService {
 public:
  SessionService(live::LiveSessions& sessions, audit::SessionReader& reader,
                 exports::Exporter& exporter, ThreadPool& pool, rpc::CallerVerifier& callers,
                 absl::Duration tail_interval = absl::Milliseconds(500))
      : sessions_(sessions),
        reader_(reader),
        exporter_(exporter),
        pool_(pool),
        callers_(callers),
        tail_interval_(tail_interval) {}

  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* context,
                                         const recorder::v1::ListSessionsRequest* request,
                                         recorder::v1::ListSessionsResponse* response) override;
  grpc::ServerUnaryReactor* GetSession(grpc::CallbackServerContext* context,
                                       const recorder::v1::GetSessionRequest* request,
                                       recorder::v1::GetSessionResponse* response) override;
  grpc::ServerWriteReactor<recorder::v1::TailSessionResponse>* TailSession(
      grpc::CallbackServerContext* context,
      const recorder::v1::TailSessionRequest* request) override;
  grpc::ServerUnaryReactor* ExportSessions(grpc::CallbackServerContext* context,
                                           const recorder::v1::ExportSessionsRequest* request,
                                           recorder::v1::ExportSessionsResponse* response) override;
  grpc::ServerUnaryReactor* KillSession(grpc::CallbackServerContext* context,
                                        const recorder::v1::KillSessionRequest* request,
                                        recorder::v1::KillSessionResponse* response) override;

  // Ends all tails, because the process stops.
  void EndStreams() { tails_.Close(); }

 private:
  // The caller as a reader. PERMISSION_DENIED for a caller who is not an auditor.
  absl::StatusOr<exports::ExportReader> Auditor(const grpc::CallbackServerContext& context) const;
  // The next page of a tail, behind `after`, which is moved.
  absl::StatusOr<rpc::StreamPage<recorder::v1::TailSessionResponse>> ReadTail(const std::string& id,
                                                                              std::uint32_t& after,
                                                                              bool first) const;
  // NOT_FOUND, or PERMISSION_DENIED when `auditor` may not read the session's connection.
  absl::Status MayTouch(const std::string& id, const exports::ExportReader& auditor) const;

  live::LiveSessions& sessions_;
  audit::SessionReader& reader_;
  exports::Exporter& exporter_;
  ThreadPool& pool_;
  rpc::CallerVerifier& callers_;
  const absl::Duration tail_interval_;
  rpc::StreamSlots tails_{1000, 50};
};

}  // namespace countersign::session_recorder::api
