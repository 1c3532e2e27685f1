#include "libs/clients/credential_sealer_grpc.h"

#include <utility>

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/clients/unary_client.h"

namespace countersign::clients {

namespace {
namespace v1 = countersign::authn::v1;
using Async = UnaryClient<v1::AuthnService>::Async;
}  // namespace

struct GrpcCredentialSealer::State {
  UnaryClient<v1::AuthnService> client;
};

GrpcCredentialSealer::GrpcCredentialSealer(const std::shared_ptr<grpc::Channel>& authn)
    : state_(new State{UnaryClient<v1::AuthnService>(authn)}) {}
GrpcCredentialSealer::~GrpcCredentialSealer() = default;

void GrpcCredentialSealer::Seal(const std::string& name, const SecretString& spec,
                                const std::string& previous, absl::Time deadline,
                                domain::Done<std::string> done) {
  v1::SealCredentialRequest request;
  request.set_name(name);
  request.set_plaintext(spec.Reveal());
  request.set_previous(previous);
  state_->client.Call(
      &Async::SealCredential, {nullptr, deadline}, std::move(request),
      [](v1::SealCredentialResponse response) { return std::move(*response.mutable_sealed()); },
      std::move(done));
}

}  // namespace countersign::clients
