#pragma once

#include <memory>
#include <string>

#include "libs/domain/authenticator.h"
#include "libs/rpc/caller.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// Authenticator over gRPC. The principal is read from the internal token in authn's answer with
// `verifier`, which must outlive this object. Destruction cancels outstanding calls and waits for
// them.
class GrpcAuthenticator final : public domain::Authenticator {
 public:
  GrpcAuthenticator(const std::shared_ptr<grpc::Channel>& authn, rpc::CallerVerifier& verifier);
  ~GrpcAuthenticator() override;

  void Authenticate(const SecretString& credential, absl::Time deadline,
                    domain::Done<domain::Authenticated> done) override;
  void AuthenticateAgain(const SecretString& credential, absl::Time accepted, absl::Time deadline,
                         domain::Done<domain::Authenticated> done) override;
  void LeaseCredential(const domain::Call& call, const std::string& connection,
                       std::uint64_t connection_version, absl::Time deadline,
                       domain::Done<domain::CredentialLease> done) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
  rpc::CallerVerifier& verifier_;
};

}  // namespace countersign::clients
