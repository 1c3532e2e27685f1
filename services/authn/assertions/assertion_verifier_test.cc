#include "services/authn/assertions/assertion_verifier.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "libs/base/status.h"
#include "services/authn/testing/authn_fixture.h"
#include "services/authn/testing/saml_testing.h"

namespace countersign::authn::assertions {
namespace {

using domain::Role;
using saml::testing::MakeAssertion;
using saml::testing::Signed;
using testing::Binding;
using testing::Encoded;
using testing::Resources;

struct Fixture : testing::AuthnFixture {
  domain::IdentityProvider Remote(const std::string& issuer = "") {
    domain::IdentityProvider provider = testing::SamlProvider(idp, "remote");
    provider.saml->metadata.clear();
    provider.saml->metadata_url = "https://idp.example/md";
    provider.saml->issuer = issuer;
    return provider;
  }
  void ServeMetadata(const saml::testing::SamlSigner& of) {
    fetcher.AnswerWith(oidc::UrlDocument{200, "", of.Metadata()});
  }
  std::string Assertion(const std::string& subject = "alice") {
    return idp.SignedAssertion(MakeAssertion(clock.Now(), subject, {{"groups", {"ml"}}}));
  }

  const saml::testing::SamlSigner idp;
  const saml::testing::SamlSigner next;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Authenticate: a SAML assertion is a bearer credential", "[authn]") {
  Serve(Resources().Add(testing::SamlProvider(idp)).Add(Binding("callers", Role::kCaller, {"ml"})));
  const std::string xml = Assertion();
  for (const std::string& credential :
       {Encoded(xml), absl::Base64Escape(xml),
        Encoded(idp.Response(MakeAssertion(clock.Now(), "alice", {{"groups", {"ml"}}}),
                             Signed::kResponse))}) {
    // As often as a call needs it, until it expires.
    for (int i = 0; i < 2; ++i) {
      const auto who = Authenticate(credential);
      REQUIRE(who.ok());
      CHECK(who->principal->subject == "alice");
      CHECK(domain::HasRole(*who->principal, Role::kCaller, "any"));
      CHECK(who->cache_until == clock.Now() + absl::Seconds(60));
    }
  }
  clock.Advance(absl::Minutes(6));
  CHECK(Reason(Encoded(xml)) == "credential_expired");
}

TEST_CASE_METHOD(Fixture, "Authenticate: why assertions are refused", "[authn]") {
  const std::string xml = Assertion();
  CHECK(Authenticate(Encoded(xml)).status().code() == absl::StatusCode::kUnavailable);
  Serve(Resources().Add(testing::SamlProvider(idp)));
  CHECK(Reason(Encoded(next.SignedAssertion(MakeAssertion(clock.Now())))) == "signature_invalid");
  auto foreign = MakeAssertion(clock.Now());
  foreign.issuer = "https://other.example";
  CHECK(Reason(Encoded(idp.SignedAssertion(foreign))) == "issuer_unknown");
  auto once = MakeAssertion(clock.Now());
  once.conditions =
      saml::testing::Conditions(clock.Now(), clock.Now() + absl::Minutes(5),
                                saml::testing::AudienceRestriction(saml::testing::kAudience) +
                                    "<saml:OneTimeUse></saml:OneTimeUse>");
  CHECK(Reason(Encoded(idp.SignedAssertion(once))) == "saml_one_time_use");
  CHECK(Reason("P" + std::string(64u << 10, 'A')) == "credential_malformed");
  used_assertions.failure = absl::UnavailableError("no database");
  CHECK(Authenticate(Encoded(xml)).status().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE_METHOD(Fixture, "Authenticate: an exchanged assertion is spent, for later calls",
                 "[authn]") {
  Serve(Resources().Add(testing::SamlProvider(idp)));
  const std::string credential = Encoded(Assertion());
  REQUIRE(Authenticate(credential).ok());
  const absl::Time accepted = clock.Now();
  clock.Advance(absl::Seconds(1));
  REQUIRE(used_assertions
              .Use(saml::testing::kEntityId, "_a1", clock.Now(), clock.Now() + absl::Hours(1))
              .ok());
  CHECK(Reason(credential) == "assertion_replayed");
  std::promise<absl::Status> answer;
  authn.authenticator.AuthenticateAgain(
      SecretString(credential), accepted, clock.Now() + absl::Seconds(5),
      [&](absl::StatusOr<domain::Authenticated> who) { answer.set_value(who.status()); });
  CHECK(answer.get_future().get().ok());
}

TEST_CASE_METHOD(Fixture, "Authenticate: metadata that is fetched, and keys that rotate",
                 "[authn]") {
  ServeMetadata(idp);
  for (const std::string issuer : {"", saml::testing::kEntityId}) {
    Serve(Resources().Add(Remote(issuer)));
    CHECK(Authenticate(Encoded(Assertion())).ok());
  }
  const std::string rotated = Encoded(next.SignedAssertion(MakeAssertion(clock.Now())));
  ServeMetadata(next);
  CHECK(Reason(rotated) == "signature_invalid");  // fetched within the cooldown
  clock.Advance(absl::Seconds(10));
  CHECK(Reason(rotated).empty());
  clock.Advance(absl::Seconds(10));
  CHECK(Reason(Encoded(Assertion())) == "signature_invalid");
}

TEST_CASE_METHOD(Fixture, "Authenticate: metadata that cannot be fetched", "[authn]") {
  Serve(Resources().Add(Remote()));
  fetcher.AnswerWith(absl::UnavailableError("refused"));
  const auto answer = Authenticate(Encoded(Assertion()));
  CHECK(answer.status().code() == absl::StatusCode::kUnavailable);
  CHECK(GetReason(answer.status()) == "issuer_unavailable");
}

}  // namespace countersign::authn::assertions
