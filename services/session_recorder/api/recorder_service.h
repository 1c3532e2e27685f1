#pragma once

#include <functional>
#include <string>
#include <utility>

#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/rpc/caller.h"
#include "services/session_recorder/live/live_sessions.h"

namespace countersign::session_recorder::api {

// RecorderService over gRPC: one stream per session between the edge and LiveSessions. Thread-safe;
// `sessions` and `callers` must outlive it and its streams.
class RecorderService final : public recorder::v1::RecorderService::CallbackService {
 public:
  // `not_ready` returns why nothing can be recorded, or ""; it must not block.
  RecorderService(live::LiveSessions& sessions, rpc::CallerVerifier& callers,
                  std::function<std::string()> not_ready)
      : sessions_(sessions), callers_(callers), not_ready_(std::move(not_ready)) {}

  grpc::ServerBidiReactor<recorder::v1::RecordRequest, recorder::v1::RecordResponse>* Record(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* GetReadiness(grpc::CallbackServerContext* context,
                                         const recorder::v1::GetReadinessRequest* request,
                                         recorder::v1::GetReadinessResponse* response) override;

 private:
  live::LiveSessions& sessions_;
  rpc::CallerVerifier& callers_;
  const std::function<std::string()> not_ready_;
};

}  // namespace countersign::session_recorder::api
