#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "services/authn/directory/attribute_claims.h"
#include "services/authn/directory/directory.h"
#include "services/authn/saml/saml_names.h"
#include "services/authn/testing/authn_testing.h"
#include "services/authn/testing/saml_testing.h"

namespace countersign::authn::directory {
namespace {

using domain::IdentityKind;
using domain::Role;
using testing::Binding;
using testing::Provider;
using testing::Resources;
using testing::TokenIdentity;

saml::Assertion MakeVerified(const std::string& subject = "alice") {
  saml::Assertion assertion;
  assertion.issuer = saml::testing::kEntityId;
  assertion.id = "_a1";
  assertion.subject.value = subject;
  assertion.attributes = {{"groups", {"ml", "dev"}}, {"uid", {"u1"}}, {"cn", {"Alice A."}}};
  assertion.sign_in = saml::SignIn{absl::FromUnixSeconds(1), "urn:password"};
  assertion.expires_at = absl::FromUnixSeconds(300);
  return assertion;
}

struct Fixture {
  std::shared_ptr<const Directory> Compile(const Resources& resources) {
    auto compiled = Directory::Compile(resources.Set());
    REQUIRE(compiled.ok());
    return *compiled;
  }
  absl::StatusOr<domain::Principal> From(const Resources& resources,
                                         const saml::Assertion& assertion) {
    const auto directory = Compile(resources);
    const SamlProvider* found = directory->FindSamlProvider(saml::testing::kEntityId);
    REQUIRE(found != nullptr);
    return directory->FromAssertion(*found, assertion);
  }

  const saml::testing::SamlSigner idp;
  domain::IdentityProvider sso = testing::SamlProvider(idp);
};

}  // namespace

TEST_CASE_METHOD(Fixture, "FromAssertion: without an Identity, its groups give roles", "[authn]") {
  sso.saml->name_attribute = "cn";
  const auto principal =
      From(Resources().Add(sso).Add(Binding("callers", Role::kCaller, {"ml"})), MakeVerified());
  REQUIRE(principal.ok());
  CHECK(principal->issuer == saml::testing::kEntityId);
  CHECK(principal->subject == "alice");
  CHECK(principal->name == "Alice A.");
  CHECK(principal->identity.empty());
  CHECK(principal->groups == std::vector<std::string>{"ml", "dev"});
  CHECK(domain::HasRole(*principal, Role::kCaller, "any"));
  CHECK(principal->expires_at == absl::FromUnixSeconds(300));
  CHECK(principal->kind == IdentityKind::kUnspecified);
}

TEST_CASE_METHOD(Fixture, "FromAssertion: Identities match the subject and attributes", "[authn]") {
  const auto identity_for = [&](const domain::Identity& identity) {
    return From(Resources().Add(sso).Add(identity), MakeVerified())->identity;
  };
  CHECK(identity_for(TokenIdentity("a", "alice", {}, "sso")) == "a");
  CHECK(identity_for(TokenIdentity("a", "bob", {}, "sso")).empty());
  CHECK(identity_for(TokenIdentity("a", "", {{"uid", "u1"}}, "sso")) == "a");
  CHECK(identity_for(TokenIdentity("a", "", {{"groups", "dev"}}, "sso")) == "a");
  CHECK(identity_for(TokenIdentity("a", "", {{"groups", "ops"}}, "sso")).empty());
  CHECK(identity_for(TokenIdentity("a", "", {{"authnContextClassRef", "urn:password"}}, "sso")) ==
        "a");
  sso.saml->subject_attribute = "uid";
  CHECK(identity_for(TokenIdentity("a", "u1", {}, "sso")) == "a");
}

TEST_CASE_METHOD(Fixture, "FromAssertion: an attribute cannot replace what the assertion says",
                 "[authn]") {
  saml::Assertion assertion = MakeVerified();
  assertion.attributes["authnContextClassRef"] = {"urn:smartcard"};
  const domain::Identity identity =
      TokenIdentity("a", "", {{"authnContextClassRef", "urn:smartcard"}}, "sso");
  CHECK(From(Resources().Add(sso).Add(identity), assertion)->identity.empty());
}

TEST_CASE_METHOD(Fixture, "FromAssertion: who is a person", "[authn]") {
  const auto kind = [&](const Resources& resources, const saml::Assertion& assertion) {
    return From(resources, assertion)->kind;
  };
  saml::Assertion no_sign_in = MakeVerified();
  no_sign_in.sign_in.reset();
  const saml::Assertion program = MakeVerified("service-account-bot");

  CHECK(kind(Resources().Add(sso), MakeVerified()) == IdentityKind::kUnspecified);
  domain::IdentityProvider people = sso;
  people.saml->signs_in_people = true;
  people.saml->issuer = saml::testing::kEntityId;
  CHECK(kind(Resources().Add(people), MakeVerified()) == IdentityKind::kHuman);
  CHECK(kind(Resources().Add(people), no_sign_in) == IdentityKind::kUnspecified);
  CHECK(kind(Resources().Add(people), program) == IdentityKind::kService);

  // An Identity that names its subject defines the kind; one that requires claims does not make a
  // program a person.
  const Resources by_subject = Resources().Add(sso).Add(TokenIdentity("a", "alice", {}, "sso"));
  CHECK(kind(by_subject, MakeVerified()) == IdentityKind::kHuman);
  CHECK(kind(by_subject, no_sign_in) == IdentityKind::kHuman);
  const Resources by_claim =
      Resources().Add(sso).Add(TokenIdentity("a", "", {{"groups", "ml"}}, "sso"));
  CHECK(kind(by_claim, MakeVerified()) == IdentityKind::kHuman);
  CHECK(kind(by_claim, no_sign_in) == IdentityKind::kService);
  CHECK(kind(by_claim, program) == IdentityKind::kService);
}

TEST_CASE_METHOD(Fixture, "FromAssertion: subjects that name nobody are refused", "[authn]") {
  const auto reason = [&](const saml::Assertion& assertion) {
    return GetReason(From(Resources().Add(sso), assertion).status());
  };
  saml::Assertion assertion = MakeVerified();
  assertion.subject.format = std::string(saml::kTransientFormat);
  CHECK(reason(assertion) == "saml_subject");
  sso.saml->subject_attribute = "uid";
  CHECK(reason(assertion).empty());
  assertion.attributes["uid"] = {"u1", "u2"};
  CHECK(reason(assertion) == "saml_subject");
  assertion.attributes["uid"] = {""};
  CHECK(reason(assertion) == "saml_subject");
  assertion.attributes.erase("uid");
  CHECK(reason(assertion) == "saml_subject");
}

TEST_CASE_METHOD(Fixture, "FromAssertion: groups that the provider left out are not none",
                 "[authn]") {
  saml::Assertion assertion = MakeVerified();
  assertion.attributes["http://schemas.microsoft.com/claims/groups.link"] = {"https://graph"};
  CHECK(GetReason(From(Resources().Add(sso), assertion).status()) == "groups_overage");
  assertion = MakeVerified();
  assertion.attributes["groups"] = {""};
  CHECK(GetReason(From(Resources().Add(sso), assertion).status()) == "groups_malformed");
}

TEST_CASE_METHOD(Fixture, "Compile: what is wrong with SAML providers, all at once", "[authn]") {
  domain::IdentityProvider broken = testing::SamlProvider(idp, "broken");
  broken.saml->metadata = "<a/>";
  domain::IdentityProvider twin = testing::SamlProvider(idp, "twin");
  domain::IdentityProvider foreign = testing::SamlProvider(
      saml::testing::SamlSigner(crypto::TestSigner::Ec(crypto::KeyType::kP256)), "foreign");
  foreign.saml->issuer = "urn:other";
  domain::IdentityProvider remote = testing::SamlProvider(idp, "remote");
  remote.saml->metadata.clear();
  remote.saml->metadata_url = "http://idp.example/metadata?x=1";
  const auto compiled =
      Directory::Compile(Resources().Add(sso).Add(broken).Add(twin).Add(foreign).Add(remote).Set());
  const std::string message(compiled.status().message());
  CHECK_THAT(message, Catch::Contains("IdentityProvider/broken: spec.saml.metadata: it has no "));
  CHECK_THAT(message, Catch::Contains("spec.saml.metadata: is IdentityProvider/"));
  CHECK_THAT(message,
             Catch::Contains("IdentityProvider/foreign: spec.saml.issuer: the metadata is"));
  CHECK_THAT(message,
             Catch::Contains("IdentityProvider/remote: spec.saml.metadataUrl: must be https"));
}

TEST_CASE_METHOD(Fixture, "Compile: a SAML and an OIDC provider cannot have one issuer",
                 "[authn]") {
  const auto compiled = Directory::Compile(
      Resources().Add(sso).Add(Provider("corp", saml::testing::kEntityId)).Set());
  CHECK_THAT(std::string(compiled.status().message()),
             Catch::Contains("is IdentityProvider/corp's"));
}

TEST_CASE("DisplayableName: short text without control characters", "[authn]") {
  CHECK(DisplayableName("Ålice") == "Ålice");
  CHECK(DisplayableName("a\nb").empty());
  CHECK(DisplayableName("\xff").empty());
  CHECK(DisplayableName(std::string(257, 'a')).empty());
}

}  // namespace countersign::authn::directory
