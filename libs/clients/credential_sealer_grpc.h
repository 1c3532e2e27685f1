#pragma once

#include <memory>
#include <string>

#include "libs/domain/credential_sealer.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// CredentialSealer over gRPC, for policy. Destruction cancels outstanding calls and waits for them.
class GrpcCredentialSealer final : public domain::CredentialSealer {
 public:
  explicit GrpcCredentialSealer(const std::shared_ptr<grpc::Channel>& authn);
  ~GrpcCredentialSealer() override;

  void Seal(const std::string& name, const SecretString& spec, const std::string& previous,
            absl::Time deadline, domain::Done<std::string> done) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
