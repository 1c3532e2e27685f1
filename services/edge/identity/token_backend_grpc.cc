#include "services/edge/identity/token_backend_grpc.h"

#include <utility>

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/clients/unary_client.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::edge::identity {
namespace {

namespace v1 = countersign::authn::v1;
using Async = clients::UnaryClient<v1::TokenService>::Async;

v1::ExchangeTokenRequest::Type ToProto(domain::CredentialType type) {
  switch (type) {
    case domain::CredentialType::kToken: return v1::ExchangeTokenRequest::JWT;
    case domain::CredentialType::kAssertion: return v1::ExchangeTokenRequest::SAML2;
    case domain::CredentialType::kKeyOrToken: break;
  }
  return v1::ExchangeTokenRequest::ANY;
}

absl::StatusOr<domain::IssuedToken> ToIssued(v1::ExchangeTokenResponse response) {
  domain::IssuedToken issued;
  CS_ASSIGN_OR_RETURN(issued.expires_at, wire::FromProto(response.expires_at()));
  issued.token = SecretString(std::move(*response.mutable_token()));
  return issued;
}

}  // namespace

struct GrpcTokenBackend::State {
  clients::UnaryClient<v1::TokenService> client;
};

GrpcTokenBackend::GrpcTokenBackend(const std::shared_ptr<grpc::Channel>& authn)
    : state_(new State{clients::UnaryClient<v1::TokenService>(authn)}) {}
GrpcTokenBackend::~GrpcTokenBackend() = default;

void GrpcTokenBackend::Issue(domain::TokenRequest request, domain::Done<domain::IssuedToken> done) {
  v1::ExchangeTokenRequest out;
  out.set_subject_token(request.subject.Reveal());
  out.set_subject_type(ToProto(request.subject_type));
  out.set_actor_token(request.actor.Reveal());
  out.set_actor_type(ToProto(request.actor_type));
  state_->client.Call(&Async::ExchangeToken, {nullptr, request.deadline}, std::move(out), ToIssued,
                      std::move(done));
}

void GrpcTokenBackend::GetKeys(absl::Time deadline, domain::Done<std::string> done) {
  state_->client.Call(
      &Async::GetTokenKeys, {nullptr, deadline}, v1::GetTokenKeysRequest(),
      [](v1::GetTokenKeysResponse response) { return std::move(*response.mutable_jwks()); },
      std::move(done));
}

}  // namespace countersign::edge::identity
