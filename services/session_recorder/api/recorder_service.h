#pragma once

#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/rpc/caller.h"
#include "services/session_recorder/live/live_sessions.h"

namespace countersign::session_recorder::api {

// RecorderService over gRPC: one stream per session between the edge and LiveSessions. Thread-safe;
// `sessions` and `callers` must outlive it and its streams.
class RecorderService final : public recorder::v1::RecorderService::CallbackService {
 public:
  RecorderService(live::LiveSessions& sessions, rpc::CallerVerifier& callers)
      : sessions_(sessions), callers_(callers) {}

  grpc::ServerBidiReactor<recorder::v1::RecordRequest, recorder::v1::RecordResponse>* Record(
      grpc::CallbackServerContext* context) override;

 private:
  live::LiveSessions& sessions_;
  rpc::CallerVerifier& callers_;
};

}  // namespace countersign::session_recorder::api
