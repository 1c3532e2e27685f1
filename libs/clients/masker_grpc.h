#pragma once

#include <memory>
#include <string>

#include "libs/domain/masker.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// Masker over gRPC: one bidirectional stream per MaskStream. Streams may outlive it.
class GrpcMasker final : public domain::Masker {
 public:
  explicit GrpcMasker(const std::shared_ptr<grpc::Channel>& masking);
  ~GrpcMasker() override;

  void Open(const domain::Call& call, domain::MaskStreamOptions options, absl::Time deadline,
            domain::Done<std::unique_ptr<domain::MaskStream>> done) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
