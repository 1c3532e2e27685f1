#include "services/authn/authn_service.h"

#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>
#include <thread>

#include "libs/jose/jwk.h"
#include "libs/rpc/status.h"
#include "services/authn/access_keys/key_service.h"
#include "services/authn/directory/identity_service.h"
#include "services/authn/internal_tokens/local_caller_verifier.h"
#include "services/authn/internal_tokens/minter_cppjwt.h"
#include "services/authn/testing/authn_fixture.h"

// The RPCs, over an in-process channel, with real internal tokens.
namespace countersign::authn {
namespace {

using domain::Role;
using testing::Binding;
using testing::KeyIdentity;
using testing::Resources;

struct Fixture : testing::AuthnFixture {
  Fixture() {
    Serve(Resources()
              .Add(KeyIdentity("ci"))
              .Add(Binding("callers", Role::kCaller, {}, {"ci"}))
              .Add(domain::Credential{
                  "upstream",
                  *authn.vault.Seal("upstream",
                                    SecretString(R"({"bearer":{"inline":"sk-upstream"}})"))})
              .AddConnection("openai", "upstream"));
    grpc::ServerBuilder builder;
    builder.RegisterService(&authn_service);
    builder.RegisterService(&key_service);
    builder.RegisterService(&identity_service);
    server = builder.BuildAndStart();
    const auto channel = server->InProcessChannel({});
    authn_stub = v1::AuthnService::NewStub(channel);
    keys_stub = v1::KeyService::NewStub(channel);
    identity_stub = v1::IdentityService::NewStub(channel);
  }
  ~Fixture() { server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5)); }

  domain::Principal With(Role role, std::vector<std::string> connections = {}) {
    domain::Principal principal;
    principal.issuer = std::string(directory::kKeyIssuer);
    principal.subject = "somebody";
    principal.identity = "somebody";
    principal.roles = {{role, std::move(connections)}};
    return principal;
  }
  std::unique_ptr<grpc::ClientContext> As(const domain::Principal& principal) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->AddMetadata(rpc::kInternalTokenKey,
                         cpp_jwt.Mint(principal, clock.Now())->token.Reveal());
    return context;
  }

  internal_tokens::CppJwtMinter cpp_jwt{secrets.internal_key};
  internal_tokens::LocalCallerVerifier callers{cpp_jwt, clock};
  AuthnService authn_service{authn, cpp_jwt, callers};
  access_keys::KeyService key_service{authn.key_manager, pool, callers};
  directory::IdentityService identity_service{callers};
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::AuthnService::Stub> authn_stub;
  std::unique_ptr<v1::KeyService::Stub> keys_stub;
  std::unique_ptr<v1::IdentityService::Stub> identity_stub;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "AuthnService.Authenticate: a key gives an internal token", "[authn]") {
  v1::AuthenticateRequest request;
  request.set_credential(MakeKey("ci"));
  v1::AuthenticateResponse response;
  grpc::ClientContext context;
  REQUIRE(authn_stub->Authenticate(&context, request, &response).ok());
  CHECK(response.internal_token() == "internal-ci-1");
  CHECK(response.cache_until().seconds() == absl::ToUnixSeconds(clock.Now()) + 60);
}

TEST_CASE_METHOD(Fixture, "AuthnService.Authenticate: a refusal carries its reason", "[authn]") {
  v1::AuthenticateRequest request;
  request.set_credential("sk-not-registered");
  v1::AuthenticateResponse response;
  grpc::ClientContext context;
  const grpc::Status status = authn_stub->Authenticate(&context, request, &response);
  CHECK(status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
  CHECK(GetReason(rpc::FromGrpc(status)) == "key_unknown");
}

TEST_CASE_METHOD(Fixture, "AuthnService.LeaseCredential: for the caller in the internal token",
                 "[authn]") {
  v1::LeaseCredentialRequest request;
  request.set_connection("openai");
  request.set_connection_version(1);
  v1::LeaseCredentialResponse response;
  REQUIRE(authn_stub->LeaseCredential(As(With(Role::kCaller)).get(), request, &response).ok());
  REQUIRE(response.headers_size() == 1);
  CHECK(response.headers(0).value() == "Bearer sk-upstream");
  CHECK(
      authn_stub->LeaseCredential(As(With(Role::kAdmin)).get(), request, &response).error_code() ==
      grpc::StatusCode::PERMISSION_DENIED);
  grpc::ClientContext anonymous;
  CHECK(authn_stub->LeaseCredential(&anonymous, request, &response).error_code() ==
        grpc::StatusCode::UNAUTHENTICATED);
  request.set_connection_version(2);
  CHECK(
      authn_stub->LeaseCredential(As(With(Role::kCaller)).get(), request, &response).error_code() ==
      grpc::StatusCode::FAILED_PRECONDITION);
  request.set_connection("nowhere");
  CHECK(
      authn_stub->LeaseCredential(As(With(Role::kCaller)).get(), request, &response).error_code() ==
      grpc::StatusCode::NOT_FOUND);
}

TEST_CASE_METHOD(Fixture, "AuthnService.SealCredential: seals, keeps what is equal, refuses",
                 "[authn]") {
  v1::SealCredentialRequest request;
  request.set_name("upstream");
  request.set_plaintext(R"({"bearer":{"inline":"sk-new"}})");
  v1::SealCredentialResponse response;
  grpc::ClientContext first;
  REQUIRE(authn_stub->SealCredential(&first, request, &response).ok());
  request.set_previous(response.sealed());
  grpc::ClientContext second;
  REQUIRE(authn_stub->SealCredential(&second, request, &response).ok());
  CHECK(response.sealed() == request.previous());
  request.set_plaintext("{}");
  grpc::ClientContext third;
  CHECK(authn_stub->SealCredential(&third, request, &response).error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE_METHOD(Fixture, "AuthnService.GetInternalKeys: what verifies internal tokens",
                 "[authn]") {
  v1::GetInternalKeysResponse response;
  grpc::ClientContext context;
  REQUIRE(authn_stub->GetInternalKeys(&context, {}, &response).ok());
  CHECK(jose::ParseJwkSet(response.jwks())->keys.size() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "AuthnService.WatchRevocations: RevokeKey returns once the edge has "
                 "acknowledged",
                 "[authn]") {
  const std::string key = MakeKey("ci");
  grpc::ClientContext context;
  const auto stream = authn_stub->WatchRevocations(&context);
  v1::WatchRevocationsResponse message;
  REQUIRE(stream->Read(&message));
  CHECK(message.heartbeat());  // the stream is alive before anything happens

  grpc::Status revoked = grpc::Status::CANCELLED;
  bool acknowledged = false;
  std::thread revoker([&] {
    v1::RevokeKeyRequest request;
    request.set_id(key.substr(3, 12));
    v1::RevokeKeyResponse response;
    revoked = keys_stub->RevokeKey(As(With(Role::kAdmin)).get(), request, &response);
    CHECK(acknowledged);
  });
  do {
    REQUIRE(stream->Read(&message));
  } while (message.heartbeat());
  CHECK(message.everything());
  acknowledged = true;
  v1::WatchRevocationsRequest ack;
  ack.set_sequence(message.sequence());
  REQUIRE(stream->Write(ack));
  revoker.join();
  CHECK(revoked.ok());

  REQUIRE(stream->Read(&message));
  CHECK(message.heartbeat());  // one second after the other
  stream->WritesDone();
  while (stream->Read(&message)) {
  }
  CHECK(stream->Finish().ok());
}

TEST_CASE_METHOD(Fixture, "AuthnService.WatchRevocations: an edge that leaves holds nothing up",
                 "[authn]") {
  const std::string key = MakeKey("ci");
  {
    grpc::ClientContext context;
    const auto stream = authn_stub->WatchRevocations(&context);
    v1::WatchRevocationsResponse message;
    REQUIRE(stream->Read(&message));
    context.TryCancel();
    while (stream->Read(&message)) {
    }
    (void)stream->Finish();
  }
  v1::RevokeKeyRequest request;
  request.set_id(key.substr(3, 12));
  v1::RevokeKeyResponse response;
  CHECK(keys_stub->RevokeKey(As(With(Role::kAdmin)).get(), request, &response).ok());
}

TEST_CASE_METHOD(Fixture, "KeyService: an administrator creates, lists and revokes", "[authn]") {
  v1::CreateKeyRequest create;
  create.set_identity("ci");
  create.set_ttl_seconds(3600);
  v1::CreateKeyResponse created;
  REQUIRE(keys_stub->CreateKey(As(With(Role::kAdmin)).get(), create, &created).ok());
  CHECK(created.identity() == "ci");
  CHECK(created.expires_at().seconds() == absl::ToUnixSeconds(clock.Now()) + 3600);
  CHECK(Reason(created.key()).empty());

  create.set_adopt("sk-proj-existing-key\n");
  create.set_ttl_seconds(0);
  v1::CreateKeyResponse adopted;
  REQUIRE(keys_stub->CreateKey(As(With(Role::kAdmin)).get(), create, &adopted).ok());
  CHECK(adopted.key().empty());
  CHECK_FALSE(adopted.has_expires_at());
  CHECK(Reason("sk-proj-existing-key").empty());

  v1::RevokeKeyRequest revoke;
  revoke.set_id(created.id());
  v1::RevokeKeyResponse revoked;
  REQUIRE(keys_stub->RevokeKey(As(With(Role::kAdmin)).get(), revoke, &revoked).ok());
  CHECK(revoked.revoked_at().seconds() == absl::ToUnixSeconds(clock.Now()));

  clock.Advance(absl::Hours(2));
  v1::ListKeysResponse listed;
  REQUIRE(keys_stub->ListKeys(As(With(Role::kAdmin)).get(), {}, &listed).ok());
  REQUIRE(listed.items_size() == 2);
  for (const v1::Key& key : listed.items()) {
    CHECK(key.state() == (key.id() == created.id() ? v1::Key::REVOKED : v1::Key::ACTIVE));
  }
}

TEST_CASE_METHOD(Fixture, "KeyService: a key whose Identity was deleted is listed as ORPHANED",
                 "[authn]") {
  MakeKey("ci");
  Serve(testing::Resources());
  v1::ListKeysResponse listed;
  REQUIRE(keys_stub->ListKeys(As(With(Role::kAdmin)).get(), {}, &listed).ok());
  REQUIRE(listed.items_size() == 1);
  CHECK(listed.items(0).state() == v1::Key::ORPHANED);
}

TEST_CASE_METHOD(Fixture, "KeyService: pages end with an empty token", "[authn]") {
  for (int i = 0; i < 3; ++i) MakeKey("ci");
  v1::ListKeysRequest request;
  request.set_page_size(2);
  v1::ListKeysResponse first;
  REQUIRE(keys_stub->ListKeys(As(With(Role::kAdmin)).get(), request, &first).ok());
  CHECK(first.items_size() == 2);
  request.set_page_token(first.next_page_token());
  v1::ListKeysResponse second;
  REQUIRE(keys_stub->ListKeys(As(With(Role::kAdmin)).get(), request, &second).ok());
  CHECK(second.items_size() == 1);
  CHECK(second.next_page_token().empty());
}

TEST_CASE_METHOD(Fixture, "KeyService: nobody else may, and each mistake has its status",
                 "[authn]") {
  v1::CreateKeyRequest create;
  create.set_identity("ci");
  v1::CreateKeyResponse created;
  v1::ListKeysResponse listed;
  v1::RevokeKeyRequest revoke;
  revoke.set_id("unknown");
  v1::RevokeKeyResponse revoked;
  for (const auto& stranger : {With(Role::kAuditor), With(Role::kReviewer), With(Role::kCaller),
                               With(Role::kAdmin, {"openai"})}) {
    const auto denied = grpc::StatusCode::PERMISSION_DENIED;
    CHECK(keys_stub->CreateKey(As(stranger).get(), create, &created).error_code() == denied);
    CHECK(keys_stub->ListKeys(As(stranger).get(), {}, &listed).error_code() == denied);
    CHECK(keys_stub->RevokeKey(As(stranger).get(), revoke, &revoked).error_code() == denied);
  }
  grpc::ClientContext anonymous;
  CHECK(keys_stub->CreateKey(&anonymous, create, &created).error_code() ==
        grpc::StatusCode::UNAUTHENTICATED);

  const auto create_status = [&](const v1::CreateKeyRequest& request) {
    return keys_stub->CreateKey(As(With(Role::kAdmin)).get(), request, &created).error_code();
  };
  CHECK(keys_stub->RevokeKey(As(With(Role::kAdmin)).get(), revoke, &revoked).error_code() ==
        grpc::StatusCode::NOT_FOUND);
  create.set_adopt("short");
  CHECK(create_status(create) == grpc::StatusCode::INVALID_ARGUMENT);
  create.set_adopt("\n");
  CHECK(create_status(create) == grpc::StatusCode::INVALID_ARGUMENT);
  create.set_adopt("sk-proj-existing-key");
  CHECK(create_status(create) == grpc::StatusCode::OK);
  CHECK(create_status(create) == grpc::StatusCode::ALREADY_EXISTS);
  create.set_identity("nobody");
  CHECK(create_status(create) == grpc::StatusCode::NOT_FOUND);
  create.set_identity("");
  CHECK(create_status(create) == grpc::StatusCode::INVALID_ARGUMENT);
  create.set_identity("ci");
  create.set_ttl_seconds(~0u);
  CHECK(create_status(create) == grpc::StatusCode::INVALID_ARGUMENT);
  v1::ListKeysRequest bad_page;
  bad_page.set_page_token("x");
  CHECK(keys_stub->ListKeys(As(With(Role::kAdmin)).get(), bad_page, &listed).error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE_METHOD(Fixture, "IdentityService.WhoAmI: shows the caller what is known of it",
                 "[authn]") {
  domain::Principal who = With(Role::kCaller, {"openai"});
  who.kind = domain::IdentityKind::kAgent;
  who.groups = {"builders"};
  who.expires_at = clock.Now() + absl::Hours(1);
  v1::WhoAmIResponse response;
  REQUIRE(identity_stub->WhoAmI(As(who).get(), {}, &response).ok());
  CHECK(response.identity() == "somebody");
  CHECK(response.issuer() == "countersign");
  CHECK(response.kind() == "agent");
  CHECK(response.groups(0) == "builders");
  REQUIRE(response.roles_size() == 1);
  CHECK(response.roles(0).role() == "caller");
  CHECK(response.roles(0).connections(0) == "openai");
  CHECK(response.expires_at().seconds() == absl::ToUnixSeconds(clock.Now()) + 3600);
  grpc::ClientContext anonymous;
  CHECK(identity_stub->WhoAmI(&anonymous, {}, &response).error_code() ==
        grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace countersign::authn
