#include "libs/clients/authenticator_grpc.h"

#include <utility>

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/clients/unary_client.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::authn::v1;
using Async = UnaryClient<v1::AuthnService>::Async;

absl::StatusOr<domain::Authenticated> ToAuthenticated(v1::AuthenticateResponse response,
                                                      rpc::CallerVerifier& verifier) {
  domain::Authenticated authenticated;
  CS_ASSIGN_OR_RETURN(authenticated.cache_until, wire::FromProto(response.cache_until()));
  absl::StatusOr<std::shared_ptr<const domain::Principal>> principal =
      verifier.Verify(response.internal_token());
  if (!principal.ok()) {
    // The caller's credential is valid; our copy of authn's keys is out of date.
    return absl::UnavailableError(
        absl::StrCat("authn's answer cannot be verified: ", principal.status().message()));
  }
  authenticated.principal = *std::move(principal);
  authenticated.internal_token =
      std::make_shared<const SecretString>(std::move(*response.mutable_internal_token()));
  return authenticated;
}

absl::StatusOr<domain::CredentialLease> ToLease(v1::LeaseCredentialResponse response) {
  domain::CredentialLease lease;
  CS_ASSIGN_OR_RETURN(lease.expires_at, wire::FromProto(response.expires_at()));
  for (v1::LeasedHeader& header : *response.mutable_headers()) {
    lease.headers.push_back(
        {std::move(*header.mutable_name()), SecretString(std::move(*header.mutable_value()))});
  }
  lease.client_certificate_pem = SecretString(std::move(*response.mutable_client_certificate()));
  lease.client_key_pem = SecretString(std::move(*response.mutable_client_key()));
  return lease;
}

}  // namespace

struct GrpcAuthenticator::State {
  UnaryClient<v1::AuthnService> client;
};

GrpcAuthenticator::GrpcAuthenticator(const std::shared_ptr<grpc::Channel>& authn,
                                     rpc::CallerVerifier& verifier)
    : state_(new State{UnaryClient<v1::AuthnService>(authn)}), verifier_(verifier) {}
GrpcAuthenticator::~GrpcAuthenticator() = default;

void GrpcAuthenticator::Authenticate(const SecretString& credential, absl::Time deadline,
                                     domain::Done<domain::Authenticated> done) {
  AuthenticateAgain(credential, absl::InfiniteFuture(), deadline, std::move(done));
}

void GrpcAuthenticator::AuthenticateAgain(const SecretString& credential, absl::Time accepted,
                                          absl::Time deadline,
                                          domain::Done<domain::Authenticated> done) {
  v1::AuthenticateRequest request;
  request.set_credential(credential.Reveal());
  if (accepted != absl::InfiniteFuture()) *request.mutable_accepted_at() = wire::ToProto(accepted);
  state_->client.Call(
      &Async::Authenticate, {nullptr, deadline}, std::move(request),
      [this](v1::AuthenticateResponse response) {
        return ToAuthenticated(std::move(response), verifier_);
      },
      std::move(done));
}

void GrpcAuthenticator::LeaseCredential(const domain::Call& call, const std::string& connection,
                                        std::uint64_t connection_version, absl::Time deadline,
                                        domain::Done<domain::CredentialLease> done) {
  v1::LeaseCredentialRequest request;
  request.set_connection(connection);
  request.set_connection_version(connection_version);
  state_->client.Call(&Async::LeaseCredential, {&call, deadline}, std::move(request), ToLease,
                      std::move(done));
}

}  // namespace countersign::clients
