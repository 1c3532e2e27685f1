#include "services/edge/identity/identity_endpoints.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/request_dispatcher.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::identity {
namespace {

using testing::CallFixture;
using testing::FakeCallerConnection;

class FakeTokenBackend final : public TokenBackend {
 public:
  void Issue(domain::TokenRequest request, domain::Done<domain::IssuedToken> done) override {
    requests.push_back(std::move(request));
    if (!failure.ok()) return done(failure);
    done(domain::IssuedToken{SecretString("e.e.e"), requests.back().deadline + absl::Hours(1)});
  }
  void GetKeys(absl::Time, domain::Done<std::string> done) override {
    if (!failure.ok()) return done(failure);
    done(std::string(R"({"keys":[]})"));
  }

  absl::Status failure;
  std::vector<domain::TokenRequest> requests;
};

struct Fixture : CallFixture {
  Fixture() { dispatcher.SetTokenBackend(backend); }

  FakeCallerConnection& Ask(const std::string& method, const std::string& path,
                            const std::string& body = "",
                            const std::string& type = "application/x-www-form-urlencoded") {
    auto caller = std::make_shared<FakeCallerConnection>(executor);
    calls.push_back(caller);
    caller->request().method = method;
    caller->request().path = path;
    caller->request().headers = {{"content-type", type}, {"host", "gw.example"}};
    caller->set_body(body);
    executor.Run(RunHandle(*caller));
    return *caller;
  }

  FakeTokenBackend backend;
  RequestDispatcher dispatcher{services, grpc_calls::RpcOptions()};

 private:
  async::Awaitable<bool> RunHandle(FakeCallerConnection& caller) {
    co_await dispatcher.Handle(caller, upstream);
    co_return true;
  }
};

constexpr char kGood[] =
    "grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer&assertion=PHNhbWw";

}  // namespace

TEST_CASE("/oauth2/token: a token for a credential in the form", "[edge]") {
  Fixture f;
  FakeCallerConnection& caller = f.Ask("POST", "/oauth2/token", kGood);
  CHECK(caller.status() == 200);
  CHECK(caller.header("cache-control") == "no-store");
  CHECK_THAT(caller.body(), Catch::Contains(R"("access_token":"e.e.e")"));
  REQUIRE(f.backend.requests.size() == 1);
  CHECK(f.backend.requests[0].subject.Reveal() == "PHNhbWw");
  CHECK(f.authenticator.authenticate.calls() == 0);
}

TEST_CASE("/oauth2/token: refusals", "[edge]") {
  Fixture f;
  CHECK(f.Ask("POST", "/oauth2/token", kGood, "application/json").status() == 400);
  CHECK(f.Ask("POST", "/oauth2/token", "grant_type=password").status() == 400);
  CHECK(f.Ask("POST", "/oauth2/token", std::string((1u << 20) + 1, 'a')).status() == 400);
  CHECK(f.backend.requests.empty());
  CHECK(f.Ask("GET", "/oauth2/token").status() == 404);
  f.backend.failure = WithReason(absl::UnauthenticatedError("m"), "assertion_replayed");
  FakeCallerConnection& replayed = f.Ask("POST", "/oauth2/token", kGood);
  CHECK(replayed.status() == 400);
  CHECK_THAT(replayed.body(), Catch::Contains(R"("error":"invalid_grant")"));
  CHECK_THAT(replayed.body(), Catch::Contains(R"("reason":"assertion_replayed")"));
  f.backend.failure = absl::UnavailableError("m");
  CHECK(f.Ask("POST", "/oauth2/token", kGood).status() == 503);
  CHECK(f.Ask("GET", "/.well-known/jwks.json").status() == 503);
}

TEST_CASE("/.well-known/jwks.json and /saml/metadata need no credential", "[edge]") {
  Fixture f;
  FakeCallerConnection& keys = f.Ask("GET", "/.well-known/jwks.json");
  CHECK(keys.status() == 200);
  CHECK(keys.body() == R"({"keys":[]})");
  CHECK(f.Ask("GET", "/saml/metadata").status() == 404);
  auto resources = std::make_shared<domain::ResourceSet>(*f.resources);
  resources->identity_providers["sso"].saml = domain::IdentityProvider::Saml();
  resources->identity_providers["sso"].saml->audience = "https://us";
  f.served.Serve(resources);
  FakeCallerConnection& metadata = f.Ask("GET", "/saml/metadata");
  CHECK(metadata.status() == 200);
  CHECK_THAT(metadata.body(), Catch::Contains(R"(entityID="https://us")"));
}

TEST_CASE("/.well-known/countersign-login: the providers that people can sign in with", "[edge]") {
  Fixture f;
  auto resources = std::make_shared<domain::ResourceSet>(*f.resources);
  resources->identity_providers["ci"].oidc = domain::IdentityProvider::Oidc();
  domain::IdentityProvider::Oidc oidc;
  oidc.issuer = "https://login.example";
  oidc.login = domain::IdentityProvider::Oidc::Login{"cli", {"openid", "offline_access"}, true};
  resources->identity_providers["corp"].oidc = oidc;
  f.served.Serve(resources);
  FakeCallerConnection& answer = f.Ask("GET", "/.well-known/countersign-login");
  CHECK(answer.status() == 200);
  CHECK(answer.body() ==
        R"({"providers":[{"name":"corp","issuer":"https://login.example","clientId":"cli",)"
        R"("scopes":["openid","offline_access"],"token":"idToken"}]})");
  CHECK(f.Ask("POST", "/.well-known/countersign-login").status() == 404);
}

}  // namespace countersign::edge::identity
