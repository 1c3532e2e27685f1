#pragma once

#include <memory>

#include "absl/time/time.h"
#include "libs/domain/recorder.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// Recorder over gRPC: one bidirectional stream per session, which renews its lease `renew_every`
// after the last message. Writers may outlive it.
class GrpcRecorder final : public domain::Recorder {
 public:
  explicit GrpcRecorder(const std::shared_ptr<grpc::Channel>& recorder,
                        absl::Duration renew_every = absl::Seconds(5));
  ~GrpcRecorder() override;

  std::unique_ptr<domain::SessionWriter> NewSession(const domain::Call& call,
                                                    domain::SessionStart start) override;

 private:
  struct State;
  class Writer;
  std::shared_ptr<State> state_;
};

}  // namespace countersign::clients
