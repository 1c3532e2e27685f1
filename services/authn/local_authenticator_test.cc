#include "services/authn/local_authenticator.h"

#include <catch2/catch.hpp>
#include <future>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "services/authn/testing/authn_fixture.h"

namespace countersign::authn {
namespace {

using domain::Role;
using testing::Binding;
using testing::KeyIdentity;
using testing::Provider;
using testing::Resources;
using testing::TokenIdentity;

struct Fixture : testing::AuthnFixture {
  Fixture() {
    Serve(Resources()
              .Add(Provider())
              .Add(TokenIdentity("alice", "s-alice"))
              .Add(KeyIdentity("ci", {"builders"}))
              .Add(Binding("callers", Role::kCaller, {"builders"}, {"alice"}, {"openai"}))
              .Add(domain::Credential{
                  "upstream",
                  *authn.vault.Seal("upstream",
                                    SecretString(R"({"bearer":{"inline":"sk-upstream"}})"))})
              .AddConnection("openai", "upstream")
              .AddConnection("open", ""));
  }

  absl::StatusOr<domain::CredentialLease> Lease(const domain::Principal& principal,
                                                const std::string& connection,
                                                std::uint64_t version = 1) {
    domain::Call call;
    call.principal = std::make_shared<const domain::Principal>(principal);
    absl::StatusOr<domain::CredentialLease> answer = absl::UnknownError("none");
    authn.authenticator.LeaseCredential(
        call, connection, version, absl::InfiniteFuture(),
        [&](absl::StatusOr<domain::CredentialLease> lease) { answer = std::move(lease); });
    return answer;
  }
  domain::Principal Caller(std::vector<std::string> connections = {}) {
    domain::Principal principal;
    principal.issuer = "i";
    principal.subject = "s";
    principal.roles = {{Role::kCaller, std::move(connections)}};
    return principal;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Authenticate: a good token is its Identity, for at most a minute",
                 "[authn]") {
  const auto answer = Authenticate(Token("s-alice"));
  REQUIRE(answer.ok());
  CHECK(answer->principal->identity == "alice");
  CHECK(answer->principal->issuer == testing::kIssuer);
  CHECK(domain::HasRole(*answer->principal, Role::kCaller, "openai"));
  CHECK(absl::StartsWith(answer->internal_token->Reveal(), "internal-s-alice"));
  CHECK(answer->cache_until == clock.Now() + absl::Seconds(60));
}

TEST_CASE_METHOD(Fixture, "Authenticate: nothing is cached past the credential's expiry",
                 "[authn]") {
  const std::string token = Token("s-alice");
  clock.Advance(absl::Seconds(280));
  const auto near = Authenticate(token);
  REQUIRE(near.ok());
  CHECK(near->cache_until == clock.Now() + absl::Seconds(20));
  clock.Advance(absl::Seconds(79));  // within the allowed clock skew
  const auto late = Authenticate(token);
  REQUIRE(late.ok());
  CHECK(late->cache_until < clock.Now());
  clock.Advance(absl::Seconds(1));
  CHECK(Reason(token) == "credential_expired");
}

TEST_CASE_METHOD(Fixture,
                 "AuthenticateAgain: an expired credential is still valid, a revoked one is not",
                 "[authn]") {
  const absl::Time accepted = clock.Now();
  const auto again = [&](const std::string& credential) {
    absl::StatusOr<domain::Authenticated> answer = absl::UnknownError("none");
    std::promise<void> answered;
    authn.authenticator.AuthenticateAgain(SecretString(credential), accepted,
                                          clock.Now() + absl::Seconds(5),
                                          [&](absl::StatusOr<domain::Authenticated> who) {
                                            answer = std::move(who);
                                            answered.set_value();
                                          });
    answered.get_future().wait();
    return GetReason(answer.status());
  };
  const std::string token = Token("s-alice");
  const std::string key = MakeKey("ci", absl::Minutes(5));
  clock.Advance(absl::Hours(1));
  CHECK(Reason(token) == "credential_expired");
  CHECK(Reason(key) == "key_expired");
  CHECK(again(token).empty());
  CHECK(again(key).empty());
  Serve(Resources().Add(Provider()));
  CHECK(again(key) == "identity_unknown");
  clock.Advance(absl::Hours(24));
  CHECK(again(token) == "credential_expired");
}

TEST_CASE_METHOD(Fixture, "Authenticate: each kind of bad token has its own reason", "[authn]") {
  const crypto::TestSigner forger = crypto::TestSigner::Ec(crypto::KeyType::kP256);
  const std::string header = R"({"alg":"ES256","kid":"k1"})";
  const auto payload = [&](const std::string& iss, const std::string& aud) {
    return absl::StrCat(R"({"iss":")", iss, R"(","aud":")", aud, R"(","sub":"s","exp":)",
                        absl::ToUnixSeconds(clock.Now()) + 300, "}");
  };
  CHECK(Reason(jose::SignToken(forger, "ES256", header,
                               payload(testing::kIssuer, "countersign"))) == "signature_invalid");
  CHECK(Reason(jose::SignToken(signer, "ES256", header, payload(testing::kIssuer, "other"))) ==
        "audience_mismatch");
  CHECK(Reason(jose::SignToken(signer, "ES256", header,
                               payload("https://idp.example/", "countersign"))) ==
        "issuer_unknown");
  CHECK(Reason(Token("s-alice", "", R"({"alg":"ES256","kid":"k2"})")) == "token_key_unknown");
  CHECK(Reason(Token("s-alice", "", R"({"alg":"ES256","kid":"k1","typ":"logout+jwt"})")) ==
        "token_type_refused");
  CHECK(Reason(Token("s-alice", "", R"({"alg":"ES256","crit":["x"]})")) ==
        "token_header_forbidden");
  CHECK(Reason(Token("s-alice", R"("hasgroups":true)")) == "groups_overage");
  CHECK(Reason("eyJhbGciOiJub25lIn0.e30.") == "token_algorithm_refused");
  CHECK(Reason("") == "credential_missing");
  CHECK(Reason(std::string((64 << 10) + 1, 'a')) == "credential_malformed");
  CHECK(Reason(absl::WebSafeBase64Escape("<saml:Assertion/>")) == "saml_malformed");
  CHECK(Reason("sk-not-registered-here") == "key_unknown");
}

TEST_CASE_METHOD(Fixture,
                 "Authenticate: a thousand tokens with bogus kids cost the issuer one fetch",
                 "[authn]") {
  for (int i = 0; i < 1000; ++i) {
    CHECK(Reason(Token("s", "", absl::StrCat(R"({"alg":"ES256","kid":"x)", i, R"("})"))) ==
          "token_key_unknown");
  }
  CHECK(fetcher.requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "Authenticate: an issuer that cannot be reached closes its tokens only",
                 "[authn]") {
  fetcher.AnswerWith(absl::UnavailableError("connection refused"));
  const auto answer = Authenticate(Token("s-alice"));
  CHECK(answer.status().code() == absl::StatusCode::kUnavailable);
  CHECK(GetReason(answer.status()) == "issuer_unavailable");
  CHECK(Reason(MakeKey("ci")).empty());
}

TEST_CASE_METHOD(Fixture, "Authenticate: a wrong signature does not make us fetch keys",
                 "[authn]") {
  CHECK(Reason(Token("s-alice")).empty());
  clock.Advance(absl::Minutes(1));
  const crypto::TestSigner forger = crypto::TestSigner::Ec(crypto::KeyType::kP256);
  for (int i = 0; i < 10; ++i) {
    CHECK(Reason(jose::SignToken(forger, "ES256", R"({"alg":"ES256","kid":"k1"})",
                                 absl::StrCat(R"({"iss":")", testing::kIssuer,
                                              R"(","aud":"countersign","sub":"s","exp":)",
                                              absl::ToUnixSeconds(clock.Now()) + 300, "}"))) ==
          "signature_invalid");
  }
  CHECK(fetcher.requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "Authenticate: access keys work until they expire or are revoked",
                 "[authn]") {
  const std::string key = MakeKey("ci", absl::Minutes(10));
  const auto answer = Authenticate(key);
  REQUIRE(answer.ok());
  CHECK(answer->principal->identity == "ci");
  CHECK(domain::HasRole(*answer->principal, Role::kCaller, "openai"));

  const std::string id = key.substr(3, 12);
  clock.Advance(absl::Minutes(10));
  CHECK(Reason(key) == "key_expired");
  const std::string other = MakeKey("ci");
  REQUIRE(authn.key_manager.Revoke(other.substr(3, 12)).ok());
  CHECK(Reason(other) == "key_revoked");
  CHECK(Reason(MakeKey("deleted-identity")) == "identity_unknown");
  CHECK(Reason(key.substr(0, key.size() - 1)) == "key_unknown");
}

TEST_CASE_METHOD(Fixture, "Authenticate: an adopted key may look like a token", "[authn]") {
  const std::string vendor_key = "eyJhbGciOiJIUzI1NiJ9.eyJ2ZW5kb3IiOiJrZXkifQ.c2lnbmF0dXJl";
  CHECK(Reason(vendor_key) == "token_algorithm_refused");
  access_keys::NewKey request;
  request.identity = "ci";
  request.adopt = SecretString(vendor_key);
  REQUIRE(authn.key_manager.Create(request).ok());
  const auto answer = Authenticate(vendor_key);
  REQUIRE(answer.ok());
  CHECK(answer->principal->identity == "ci");
}

TEST_CASE_METHOD(Fixture, "Authenticate: a removed Identity or provider is nobody at once",
                 "[authn]") {
  const std::string key = MakeKey("ci");
  const std::string token = Token("s-alice");
  CHECK(Reason(key).empty());
  CHECK(Reason(token).empty());
  Serve(Resources());
  CHECK(Reason(key) == "identity_unknown");
  CHECK(Reason(token) == "issuer_unknown");
}

TEST_CASE_METHOD(Fixture, "Authenticate: every judgement is counted by method and result",
                 "[authn]") {
  (void)Authenticate(Token("s-alice"));
  (void)Authenticate("sk-not-registered-here");
  (void)Authenticate("");
  clock.Advance(absl::Seconds(7));
  const std::string metrics = registry.Expose();
  for (const char* line : {
           R"(countersign_authn_total{method="oidc",result="ok"} 1)",
           R"(countersign_authn_total{method="key",result="key_unknown"} 1)",
           R"(countersign_authn_total{method="none",result="credential_missing"} 1)",
           R"(countersign_jwks_age_seconds{provider="corp"} 7)",
       }) {
    CHECK_THAT(metrics, Catch::Contains(line));
  }
}

TEST_CASE_METHOD(testing::AuthnFixture,
                 "Authenticate: before the first resources only the built-in administrator exists",
                 "[authn]") {
  const auto admin = access_keys::BootstrapAdmin(keys, authn.hasher, clock, random);
  REQUIRE(admin.ok());
  CHECK(Reason(admin->key.Reveal()).empty());
  CHECK(Authenticate(MakeKey("ci")).status().code() == absl::StatusCode::kUnavailable);
  CHECK(Authenticate(Token("s")).status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE_METHOD(Fixture, "Authenticate: a full queue is answered, not waited for", "[authn]") {
  ThreadPool full(1, 0);
  CredentialVerifier verifier({keys, used_assertions, full, authn.directory, authn.jwks, fetcher,
                               authn.hasher, authn.caller_tokens, clock});
  LocalAuthenticator busy(
      {verifier, authn.directory, authn.tokens, authn.vault, authn.metrics, clock});
  absl::Status status;
  busy.Authenticate(SecretString("sk-some-access-key"), absl::InfiniteFuture(),
                    [&](absl::StatusOr<domain::Authenticated> who) { status = who.status(); });
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE_METHOD(Fixture, "Authenticate: work that was overtaken by its deadline is not done",
                 "[authn]") {
  std::promise<absl::Status> answer;
  authn.authenticator.Authenticate(
      SecretString(MakeKey("ci")), clock.Now(),
      [&](absl::StatusOr<domain::Authenticated> who) { answer.set_value(who.status()); });
  CHECK(answer.get_future().get().code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE_METHOD(Fixture, "LeaseCredential: a caller gets the connection's credential for seconds",
                 "[authn]") {
  const auto lease = Lease(Caller({"openai"}), "openai");
  REQUIRE(lease.ok());
  REQUIRE(lease->headers.size() == 1);
  CHECK(lease->headers[0].value.Reveal() == "Bearer sk-upstream");
  CHECK(lease->expires_at == clock.Now() + absl::Seconds(30));
  const auto without = Lease(Caller(), "open");
  REQUIRE(without.ok());
  CHECK(without->headers.empty());
}

TEST_CASE_METHOD(Fixture, "LeaseCredential: only a call that was routed by what is served gets it",
                 "[authn]") {
  for (const std::uint64_t other : {0, 2}) {
    const absl::Status refused = Lease(Caller(), "openai", other).status();
    CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
    CHECK(GetReason(refused) == "connection_changed");
  }
  CHECK(Lease(Caller({"open"}), "openai", 2).status().code() ==
        absl::StatusCode::kPermissionDenied);
  Serve(Resources()
            .Add(domain::Credential{
                "other", *authn.vault.Seal(
                             "other", SecretString(R"({"bearer":{"inline":"sk-elsewhere"}})"))})
            .AddConnection("openai", "other", 2));
  CHECK(GetReason(Lease(Caller(), "openai", 1).status()) == "connection_changed");
  CHECK(Lease(Caller(), "openai", 2)->headers.at(0).value.Reveal() == "Bearer sk-elsewhere");
}

TEST_CASE_METHOD(Fixture, "LeaseCredential: nobody else gets it", "[authn]") {
  CHECK(Lease(Caller({"open"}), "openai").status().code() == absl::StatusCode::kPermissionDenied);
  domain::Principal admin = Caller();
  admin.roles = {{Role::kAdmin, {}}, {Role::kAuditor, {}}, {Role::kReviewer, {}}};
  CHECK(Lease(admin, "openai").status().code() == absl::StatusCode::kPermissionDenied);
  CHECK(GetReason(Lease(Caller(), "nowhere").status()) == "unknown_connection");
  absl::Status status;
  authn.authenticator.LeaseCredential(
      domain::Call{}, "openai", 1, absl::InfiniteFuture(),
      [&](absl::StatusOr<domain::CredentialLease> lease) { status = lease.status(); });
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
}

TEST_CASE_METHOD(Fixture,
                 "DirectoryHolder: a credential that the vault cannot open is not accepted",
                 "[authn]") {
  const Resources moved = Resources().Add(domain::Credential{
      "b", *authn.vault.Seal("a", SecretString(R"({"bearer":{"inline":"sk"}})"))});
  const absl::Status refused = authn.directory.Validate(moved.Set());
  CHECK(absl::IsInvalidArgument(refused));
  CHECK_THAT(std::string(refused.message()), Catch::Contains("Credential/b"));
  CHECK(authn.directory.Serve(moved.Set()).ok());  // a committed version is served regardless
}

TEST_CASE_METHOD(Fixture, "DirectoryHolder: a new version empties the caches of credentials",
                 "[authn]") {
  int flushed = 0;
  const auto cache = authn.revocations.SubscribeDirectly([&] { ++flushed; });
  Serve(Resources());
  CHECK(flushed == 1);
}

}  // namespace countersign::authn
