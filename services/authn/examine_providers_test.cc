#include "services/authn/examine_providers.h"

#include <catch2/catch.hpp>

#include "services/authn/testing/authn_testing.h"
#include "services/authn/testing/saml_testing.h"

namespace countersign::authn {
namespace {

using State = HealthCheck::State;
using testing::Provider;
using testing::Resources;

struct Fixture {
  std::vector<HealthCheck> Examine(const Resources& resources,
                                   absl::Duration timeout = absl::Seconds(5)) {
    auto compiled = directory::Directory::Compile(resources.Set());
    REQUIRE(compiled.ok());
    return ExamineProviders(**compiled, jwks, fetcher, clock, timeout);
  }
  void ServeKeys() { fetcher.AnswerWithKeys({jose::JwkJson(signer, R"("kid":"k1")")}); }

  countersign::testing::FakeClock clock;
  testing::FakeFetcher fetcher;
  oidc::JwksCaches jwks{fetcher, clock};
  const crypto::TestSigner signer = crypto::TestSigner::Ec(crypto::KeyType::kP256);
};

domain::IdentityProvider FetchedSaml() {
  domain::IdentityProvider provider;
  provider.name = "sso";
  provider.saml = domain::IdentityProvider::Saml();
  provider.saml->metadata_url = "https://sso.example/md";
  provider.saml->audience = saml::testing::kAudience;
  return provider;
}

TEST_CASE_METHOD(Fixture, "ExamineProviders: fetches keys, and says how old they are", "[authn]") {
  ServeKeys();
  std::vector<HealthCheck> checks = Examine(Resources().Add(Provider()));
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].name == "identity provider corp");
  CHECK(checks[0].state == State::kOk);
  CHECK(checks[0].saw == "keys of https://idp.example fetched 0 s ago");
  // A cooldown keeps examinations from being a burden for the issuer.
  clock.Advance(absl::Seconds(3));
  checks = Examine(Resources().Add(Provider()));
  CHECK(checks[0].saw == "keys of https://idp.example fetched 3 s ago");
  CHECK(fetcher.requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "ExamineProviders: keys that cannot be fetched any more are a warning",
                 "[authn]") {
  ServeKeys();
  Examine(Resources().Add(Provider()));
  fetcher.AnswerWith(absl::UnavailableError("connection refused"));
  clock.Advance(absl::Minutes(1));
  const std::vector<HealthCheck> checks = Examine(Resources().Add(Provider()));
  CHECK(checks[0].state == State::kWarning);
  CHECK(checks[0].saw.find("fetched 60 s ago; ") != std::string::npos);
  CHECK(checks[0].saw.find("connection refused") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "ExamineProviders: keys that were never fetched are a failure",
                 "[authn]") {
  fetcher.AnswerWith(absl::UnavailableError("connection refused"));
  const std::vector<HealthCheck> checks = Examine(Resources().Add(Provider()));
  CHECK(checks[0].state == State::kFailed);
  CHECK(checks[0].saw.find("were never fetched; ") != std::string::npos);
  CHECK(checks[0].advice.find("spec.oidc.issuer") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "ExamineProviders: one that does not answer does not hold up the rest",
                 "[authn]") {
  fetcher.automatic = false;
  const std::vector<HealthCheck> checks =
      Examine(Resources().Add(Provider()), absl::Milliseconds(10));
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].state == State::kFailed);
  CHECK(checks[0].saw.find("no answer in time") != std::string::npos);
  fetcher.Release();  // too late, and harmless
}

TEST_CASE_METHOD(Fixture, "ExamineProviders: metadata of SAML, given and fetched", "[authn]") {
  const saml::testing::SamlSigner idp;
  CHECK(Examine(Resources().Add(testing::SamlProvider(idp)))[0].saw ==
        "its metadata is in the resource");
  fetcher.AnswerWith(oidc::UrlDocument{200, "", idp.Metadata()});
  CHECK(Examine(Resources().Add(FetchedSaml()))[0].state == State::kOk);
  fetcher.AnswerWith(oidc::UrlDocument{404, "", ""});
  const std::vector<HealthCheck> checks = Examine(Resources().Add(FetchedSaml()));
  CHECK(checks[0].state == State::kFailed);
  CHECK(checks[0].saw.find("HTTP 404") != std::string::npos);
}

}  // namespace
}  // namespace countersign::authn
