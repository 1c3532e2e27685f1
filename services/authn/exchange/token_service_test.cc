#include "services/authn/exchange/token_service.h"

#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>

#include "libs/jose/jwk.h"
#include "libs/rpc/status.h"
#include "services/authn/testing/authn_fixture.h"
#include "services/authn/testing/saml_testing.h"

// The RPCs, over an in-process channel.
namespace countersign::authn::exchange {
namespace {

using testing::KeyIdentity;
using testing::Resources;

struct Fixture : testing::AuthnFixture {
  Fixture() {
    Serve(Resources().Add(KeyIdentity("ci")).Add(testing::SamlProvider(idp)));
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    stub = v1::TokenService::NewStub(server->InProcessChannel({}));
  }
  ~Fixture() { server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5)); }

  grpc::Status Exchange(const v1::ExchangeTokenRequest& request) {
    grpc::ClientContext context;
    return stub->ExchangeToken(&context, request, &response);
  }

  const saml::testing::SamlSigner idp;
  TokenService service{authn.token_exchange, authn.caller_tokens};
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::TokenService::Stub> stub;
  v1::ExchangeTokenResponse response;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "TokenService.ExchangeToken: a key and an assertion", "[authn]") {
  v1::ExchangeTokenRequest request;
  request.set_subject_token(MakeKey("ci"));
  REQUIRE(Exchange(request).ok());
  CHECK(Authenticate(response.token()).ok());
  CHECK(response.expires_at().seconds() == absl::ToUnixSeconds(clock.Now()) + 3600);
  request.set_subject_token(
      testing::Encoded(idp.SignedAssertion(saml::testing::MakeAssertion(clock.Now()))));
  request.set_subject_type(v1::ExchangeTokenRequest::SAML2);
  request.set_actor_token(MakeKey("ci"));
  CHECK(Exchange(request).ok());
}

TEST_CASE_METHOD(Fixture, "TokenService.ExchangeToken: refusals have reasons", "[authn]") {
  v1::ExchangeTokenRequest request;
  request.set_subject_token("no-such-access-key");
  const absl::Status refused = rpc::FromGrpc(Exchange(request));
  CHECK(absl::IsUnauthenticated(refused));
  CHECK(GetReason(refused) == "key_unknown");
  request.set_subject_type(v1::ExchangeTokenRequest::JWT);
  CHECK(absl::IsInvalidArgument(rpc::FromGrpc(Exchange(request))));
}

TEST_CASE_METHOD(Fixture, "TokenService.GetTokenKeys: what verifies the tokens", "[authn]") {
  grpc::ClientContext context;
  v1::GetTokenKeysResponse keys;
  REQUIRE(stub->GetTokenKeys(&context, {}, &keys).ok());
  CHECK(jose::ParseJwkSet(keys.jwks())->keys.size() == 1);
}

}  // namespace countersign::authn::exchange
