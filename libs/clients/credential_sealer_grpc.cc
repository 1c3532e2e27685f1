#include "libs/clients/credential_sealer_grpc.h"

#include <utility>

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/clients/call_group.h"

namespace countersign::clients {

namespace v1 = countersign::authn::v1;

struct GrpcCredentialSealer::State {
  std::unique_ptr<v1::AuthnService::Stub> stub;
  CallGroup calls;
};

GrpcCredentialSealer::GrpcCredentialSealer(const std::shared_ptr<grpc::Channel>& authn)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::AuthnService::NewStub(authn);
}
GrpcCredentialSealer::~GrpcCredentialSealer() = default;

void GrpcCredentialSealer::Seal(const std::string& name, const SecretString& spec,
                                const std::string& previous, absl::Time deadline,
                                domain::Done<std::string> done) {
  v1::SealCredentialRequest request;
  request.set_name(name);
  request.set_plaintext(spec.Reveal());
  request.set_previous(previous);
  state_->calls.Unary<v1::SealCredentialResponse>(
      nullptr, deadline, std::move(request),
      [this](auto... args) { state_->stub->async()->SealCredential(std::move(args)...); },
      [done = std::move(done)](absl::StatusOr<v1::SealCredentialResponse> response) mutable {
        if (!response.ok()) return done(response.status());
        done(std::move(*response->mutable_sealed()));
      });
}

}  // namespace countersign::clients
