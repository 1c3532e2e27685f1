#pragma once

#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/rpc/caller.h"
#include "services/session_recorder/session_book.h"

namespace countersign::session_recorder {

// The stream of one session between the edge and the book. Thread-safe; `book` and `callers`
// outlive it and its streams.
class RecorderService final : public recorder::v1::RecorderService::CallbackService {
 public:
  RecorderService(SessionBook& book, rpc::CallerVerifier& callers)
      : book_(book), callers_(callers) {}

  grpc::ServerBidiReactor<recorder::v1::RecordRequest, recorder::v1::RecordResponse>* Record(
      grpc::CallbackServerContext* context) override;

 private:
  SessionBook& book_;
  rpc::CallerVerifier& callers_;
};

}  // namespace countersign::session_recorder
