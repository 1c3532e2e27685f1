#pragma once

#include <memory>
#include <string>

#include "services/edge/identity/token_backend.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::edge::identity {

// TokenBackend over gRPC. Destruction cancels outstanding calls and waits for them. Thread-safe.
class GrpcTokenBackend final : public TokenBackend {
 public:
  explicit GrpcTokenBackend(const std::shared_ptr<grpc::Channel>& authn);
  ~GrpcTokenBackend() override;

  void Issue(domain::TokenRequest request, domain::Done<domain::IssuedToken> done) override;
  void GetKeys(absl::Time deadline, domain::Done<std::string> done) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::edge::identity
