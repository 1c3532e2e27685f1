#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/http/fetch.h"
#include "libs/json/document.h"
#include "services/authn/authn.h"
#include "services/authn/internal_tokens/minter_cppjwt.h"
#include "services/authn/oidc/fetcher_http.h"
#include "services/authn/testing/key_store_memory.h"
#include "services/authn/testing/secret_store_memory.h"
#include "services/authn/testing/used_assertions_memory.h"
#include "tests/e2e/oidc/node_provider.h"

// Tests authn with tokens of a certified OpenID provider (npm oidc-provider) over real HTTP.
namespace countersign::e2e {
namespace {

using domain::Role;

// The system's clock plus an offset; the provider uses the real time.
class ShiftedClock final : public Clock {
 public:
  absl::Time Now() const override { return system_.Now() + absl::Seconds(shift_seconds_.load()); }
  void Shift(int seconds) { shift_seconds_ += seconds; }

 private:
  SystemClock system_;
  std::atomic<int> shift_seconds_{0};
};

NodeProvider& SharedProvider() {
  static NodeProvider provider;
  return provider;
}

struct Fixture {
  explicit Fixture(NodeProvider& of = SharedProvider()) : provider(of) { Serve(of.issuer()); }

  void Serve(const std::string& issuer, const std::string& audience = "countersign") {
    auto set = std::make_shared<domain::ResourceSet>();
    domain::IdentityProvider corp;
    corp.name = "corp";
    corp.oidc = domain::IdentityProvider::Oidc();
    corp.oidc->issuer = issuer;
    corp.oidc->audiences = {audience};
    corp.oidc->profile = domain::OidcProfile::kAccessToken;
    set->identity_providers["corp"] = corp;
    domain::Identity job;
    job.name = "nightly-job";
    job.kind = domain::IdentityKind::kService;
    job.match.emplace();
    job.match->provider = "corp";
    job.match->subject = provider.client_id();
    job.match->claims = {{"department", "research"}};
    set->identities["nightly-job"] = job;
    set->role_bindings["callers"] = {"callers", Role::kCaller, {"batch"}, {}, {"openai"}};
    REQUIRE(authn.directory.Validate(set).ok());
    REQUIRE(authn.directory.Serve(set).ok());
  }

  http::FetchResponse Post(const std::string& path, const std::string& body) {
    http::FetchRequest request;
    request.method = "POST";
    request.url = provider.issuer() + path;
    request.headers = {{"content-type", "application/x-www-form-urlencoded"},
                       {"authorization", "Basic " + absl::Base64Escape(provider.client_id() + ":" +
                                                                       provider.client_secret())}};
    request.body = body;
    request.allow_private = true;
    std::promise<absl::StatusOr<http::FetchResponse>> answer;
    fetcher.Fetch(request, [&](absl::StatusOr<http::FetchResponse> response) {
      answer.set_value(std::move(response));
    });
    auto response = answer.get_future().get();
    INFO(response.status().ToString());
    REQUIRE(response.ok());
    return *std::move(response);
  }

  // By client credentials; `resource` is an algorithm, or algorithm and audience.
  std::string Token(const std::string& resource) {
    const http::FetchResponse response =
        Post("/token",
             "grant_type=client_credentials&scope=call&resource=https%3A%2F%2Fresource.test%2F" +
                 resource);
    INFO(response.body);
    REQUIRE(response.status == 200);
    return std::string(json::Document::Parse(response.body)->root()["access_token"].text());
  }

  absl::StatusOr<domain::Authenticated> Authenticate(const std::string& credential) {
    std::promise<absl::StatusOr<domain::Authenticated>> answer;
    authn.authenticator.Authenticate(
        SecretString(credential), clock.Now() + absl::Seconds(10),
        [&](absl::StatusOr<domain::Authenticated> who) { answer.set_value(std::move(who)); });
    return answer.get_future().get();
  }
  std::string Reason(const std::string& credential) {
    return GetReason(Authenticate(credential).status());
  }

  NodeProvider& provider;
  ShiftedClock clock;
  SystemRandom random;
  authn::testing::MemorySecretStore secret_store;
  authn::secrets::MasterSecrets secrets =
      *authn::secrets::LoadOrCreateMasterSecrets(secret_store, random);
  authn::internal_tokens::CppJwtMinter minter{secrets.internal_key};
  authn::testing::MemoryKeyStore keys;
  authn::testing::MemoryUsedAssertions used_assertions;
  metrics::Registry registry;
  ThreadPool pool{2, 100};
  http::Fetcher fetcher;
  authn::oidc::HttpUrlFetcher url_fetcher{fetcher};
  authn::Authn authn{
      {keys, used_assertions, pool, url_fetcher, minter, secrets, clock, random, registry}};
};

// For tests that stop their provider.
struct OwnProvider {
  NodeProvider own;
};
struct OwnFixture : private OwnProvider, Fixture {
  OwnFixture() : Fixture(own) {}
};

}  // namespace

TEST_CASE_METHOD(Fixture, "oidc-provider: its tokens stand, signed with each algorithm", "[oidc]") {
  for (const char* algorithm : {"RS256", "PS256", "ES256", "EdDSA"}) {
    CAPTURE(algorithm);
    const auto who = Authenticate(Token(algorithm));
    INFO(who.status().ToString());
    REQUIRE(who.ok());
    CHECK(who->principal->identity == "nightly-job");
    CHECK(who->principal->issuer == provider.issuer());
    CHECK(who->principal->subject == provider.client_id());
    CHECK(who->principal->groups == std::vector<std::string>{"batch", "nightly"});
    CHECK(domain::HasRole(*who->principal, Role::kCaller, "openai"));
    CHECK(who->cache_until > clock.Now());
  }
}

TEST_CASE_METHOD(Fixture, "oidc-provider: a token for another audience is refused", "[oidc]") {
  CHECK(Reason(Token("ES256/somebody-else")) == "audience_mismatch");
  Serve(provider.issuer(), "us");
  CHECK(Reason(Token("ES256")) == "audience_mismatch");
}

TEST_CASE_METHOD(Fixture, "oidc-provider: a token that was changed anywhere is refused", "[oidc]") {
  const std::string token = Token("RS256");
  REQUIRE(Reason(token).empty());
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  std::string payload = *Base64UrlDecode(parts[1]);
  payload.replace(payload.find("nightly"), 7, "admins!");
  CHECK(Reason(absl::StrCat(parts[0], ".", Base64UrlEncode(payload), ".", parts[2])) ==
        "signature_invalid");
  const std::vector<std::string> other = absl::StrSplit(Token("RS256"), '.');
  CHECK(Reason(absl::StrCat(parts[0], ".", parts[1], ".", other[2])) == "signature_invalid");
  CHECK(Reason(absl::StrCat(Base64UrlEncode(R"({"alg":"none"})"), ".", parts[1], ".")) ==
        "token_algorithm_refused");
}

TEST_CASE_METHOD(Fixture, "oidc-provider: a token stands until it expires", "[oidc]") {
  const std::string token = Token("ES256");
  CHECK(Reason(token).empty());
  clock.Shift(600 + 61);
  CHECK(Reason(token) == "credential_expired");
}

TEST_CASE_METHOD(Fixture, "oidc-provider: its issuer is compared byte for byte", "[oidc]") {
  const std::string token = Token("ES256");
  Serve(provider.issuer() + "/");
  CHECK(Reason(token) == "issuer_unknown");
}

TEST_CASE_METHOD(Fixture, "oidc-provider: after a rotation new keys are found and old tokens stand",
                 "[oidc]") {
  const std::string before = Token("ES256");
  REQUIRE(Reason(before).empty());
  REQUIRE(Post("/test/rotate", "").status == 200);
  const std::string after = Token("ES256");
  CHECK(Reason(after) == "token_key_unknown");  // the keys were fetched moments ago
  clock.Shift(11);
  CHECK(Reason(after).empty());
  CHECK(Reason(before).empty());
}

TEST_CASE_METHOD(OwnFixture, "oidc-provider: while it is away its known keys go on", "[oidc]") {
  const std::string token = Token("EdDSA");
  const std::string unseen = Token("RS256");
  REQUIRE(Reason(token).empty());
  provider.Stop();
  clock.Shift(11 * 60 - 70);  // after the keys' ttl, before the token's expiry
  CHECK(Reason(token).empty());
  CHECK(Reason(unseen).empty());
}

TEST_CASE_METHOD(OwnFixture, "oidc-provider: before its keys were ever read its absence closes",
                 "[oidc]") {
  const std::string token = Token("ES256");
  provider.Stop();
  const auto who = Authenticate(token);
  CHECK(who.status().code() == absl::StatusCode::kUnavailable);
  CHECK(GetReason(who.status()) == "issuer_unavailable");
}

}  // namespace countersign::e2e
