#include "services/authn/directory/directory.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/authn/directory/groups_claim.h"
#include "services/authn/testing/authn_testing.h"

namespace countersign::authn::directory {
namespace {

using domain::Role;
using testing::Binding;
using testing::KeyIdentity;
using testing::Provider;
using testing::Resources;
using testing::TokenIdentity;

std::shared_ptr<const Directory> Compile(const Resources& resources) {
  auto directory = Directory::Compile(resources.Set());
  INFO(directory.status().ToString());
  REQUIRE(directory.ok());
  return *directory;
}

jose::VerifiedToken Token(const std::string& subject, const std::string& claims = "{}") {
  auto payload = json::Document::Parse(claims);
  REQUIRE(payload.ok());
  return {testing::kIssuer, subject, absl::FromUnixSeconds(1'700'000'300),
          std::make_shared<const json::Document>(*std::move(payload))};
}

domain::Principal FromToken(const Directory& directory, const jose::VerifiedToken& token) {
  const auto principal = directory.FromToken(directory.issuers()[0], token);
  INFO(principal.status().ToString());
  REQUIRE(principal.ok());
  return *principal;
}

std::string RefusedToken(const Directory& directory, const jose::VerifiedToken& token) {
  return GetReason(directory.FromToken(directory.issuers()[0], token).status());
}

access_keys::KeyRecord MakeKey(const std::string& identity) {
  access_keys::KeyRecord key;
  key.id = "k";
  key.identity = identity;
  key.expires_at = absl::FromUnixSeconds(1'800'000'000);
  return key;
}

}  // namespace

TEST_CASE("Directory: a token that matches an Identity gets its name, kind, owner and groups",
          "[authn]") {
  domain::Identity bot = TokenIdentity("bot", "s-1");
  bot.kind = domain::IdentityKind::kAgent;
  bot.owner = "alice";
  bot.groups = {"agents", "both"};
  const auto directory = Compile(Resources()
                                     .Add(Provider())
                                     .Add(bot)
                                     .Add(Binding("1", Role::kCaller, {"agents"}, {}, {"openai"}))
                                     .Add(Binding("2", Role::kReviewer, {"from-token"}))
                                     .Add(Binding("3", Role::kAuditor, {}, {"bot"}))
                                     .Add(Binding("4", Role::kAdmin, {"others"}, {"alice"})));
  const auto principal = FromToken(*directory, Token("s-1", R"({"groups":["from-token","both"]})"));
  CHECK(principal.issuer == testing::kIssuer);
  CHECK(principal.subject == "s-1");
  CHECK(principal.identity == "bot");
  CHECK(principal.kind == domain::IdentityKind::kAgent);
  CHECK(principal.owner == "alice");
  CHECK(principal.groups == std::vector<std::string>{"from-token", "both", "agents"});
  CHECK(principal.expires_at == absl::FromUnixSeconds(1'700'000'300));
  CHECK(domain::HasRole(principal, Role::kCaller, "openai"));
  CHECK_FALSE(domain::HasRole(principal, Role::kCaller, "other"));
  CHECK(domain::HasRole(principal, Role::kReviewer, ""));
  CHECK(domain::HasRole(principal, Role::kAuditor, ""));
  CHECK_FALSE(domain::HasRole(principal, Role::kAdmin, ""));
}

TEST_CASE("Directory: a token that matches no Identity has its groups' roles and no name",
          "[authn]") {
  const auto directory = Compile(Resources()
                                     .Add(Provider())
                                     .Add(TokenIdentity("bob", "s-2"))
                                     .Add(Binding("1", Role::kCaller, {"staff"}))
                                     .Add(Binding("2", Role::kAdmin, {}, {""})));
  const auto principal = FromToken(*directory, Token("s-1", R"({"groups":["staff"]})"));
  CHECK(principal.identity.empty());
  CHECK(principal.DisplayName() == "https://idp.example#s-1");
  CHECK(domain::HasRole(principal, Role::kCaller, ""));
  CHECK_FALSE(domain::HasRole(principal, Role::kAdmin, ""));
}

TEST_CASE("Directory: a token that a client got for itself has the kind service", "[authn]") {
  const auto directory = Compile(Resources().Add(Provider()).Add(TokenIdentity("carol", "s-3")));
  const auto kind = [&](const std::string& subject, const std::string& claims) {
    return FromToken(*directory, Token(subject, claims)).kind;
  };
  CHECK(kind("s-1", R"({"client_id":"s-1"})") == domain::IdentityKind::kService);
  CHECK(kind("s-1", R"({"azp":"s-1"})") == domain::IdentityKind::kService);
  CHECK(kind("s-1", R"({"client_id":"console","azp":"console"})") ==
        domain::IdentityKind::kUnspecified);
  // The kind in an Identity that names this subject takes precedence.
  CHECK(kind("s-3", R"({"client_id":"s-3"})") == domain::IdentityKind::kHuman);
}

TEST_CASE("Directory: an Identity that requires claims only does not make a program a person",
          "[authn]") {
  const auto directory =
      Compile(Resources().Add(Provider()).Add(TokenIdentity("staff", "", {{"team", "a"}})));
  const auto kind = [&](const std::string& claims) {
    return FromToken(*directory, Token("s-1", claims)).kind;
  };
  CHECK(kind(R"({"team":"a"})") == domain::IdentityKind::kHuman);
  CHECK(kind(R"({"team":"a","azp":"s-1"})") == domain::IdentityKind::kService);
  CHECK(kind(R"({"team":"a","idtyp":"app"})") == domain::IdentityKind::kService);
}

TEST_CASE("Directory: an actor for a person is an agent of that person", "[authn]") {
  const auto directory = Compile(Resources().Add(Provider()).Add(TokenIdentity("carol", "s-3")));
  const auto principal = FromToken(*directory, Token("s-3", R"({"act":{"sub":"robot"}})"));
  CHECK(principal.identity == "carol");
  CHECK(principal.kind == domain::IdentityKind::kAgent);
  CHECK(principal.owner == "carol");
}

TEST_CASE("Directory: without an Identity only the issuer's profile can prove a person",
          "[authn]") {
  const auto kind = [](domain::OidcProfile profile, const std::string& claims) {
    domain::IdentityProvider provider = Provider();
    provider.oidc->profile = profile;
    return FromToken(*Compile(Resources().Add(provider)), Token("s-1", claims)).kind;
  };
  const std::string person = R"({"auth_time":1700000000})";
  CHECK(kind(domain::OidcProfile::kSignedIn, person) == domain::IdentityKind::kHuman);
  for (const auto profile : {domain::OidcProfile::kAny, domain::OidcProfile::kJwt,
                             domain::OidcProfile::kAccessToken, domain::OidcProfile::kOkta}) {
    CHECK(kind(profile, person) == domain::IdentityKind::kUnspecified);
  }
}

TEST_CASE("Directory: an Identity of another provider does not match", "[authn]") {
  const auto directory = Compile(Resources()
                                     .Add(Provider())
                                     .Add(Provider("other", "https://other.example"))
                                     .Add(TokenIdentity("bob", "s-1", {}, "other")));
  const auto* corp = directory->FindIssuer(testing::kIssuer);
  REQUIRE(corp != nullptr);
  CHECK(directory->FromToken(*corp, Token("s-1"))->identity.empty());
}

TEST_CASE("Directory: claims match as text, within arrays and by path, all of them", "[authn]") {
  const auto matches = [](std::map<std::string, std::string> wanted, const std::string& claims) {
    const auto directory =
        Compile(Resources().Add(Provider()).Add(TokenIdentity("ci", "", std::move(wanted))));
    return FromToken(*directory, Token("s", claims)).identity == "ci";
  };
  CHECK(matches({{"repository_id", "42"}}, R"({"repository_id":"42"})"));
  CHECK(matches({{"repository_id", "42"}}, R"({"repository_id":42})"));
  CHECK(matches({{"email_verified", "true"}}, R"({"email_verified":true})"));
  CHECK(matches({{"roles", "deploy"}}, R"({"roles":["build","deploy"]})"));
  CHECK(matches({{"kubernetes.io.namespace", "prod"}},
                R"({"kubernetes":{"io":{"namespace":"prod"}}})"));
  CHECK(matches({{"https://x.example/team", "a"}}, R"({"https://x.example/team":"a"})"));
  CHECK_FALSE(matches({{"repository_id", "42"}}, R"({"repository_id":"421"})"));
  CHECK_FALSE(matches({{"repository_id", "42"}}, R"({})"));
  CHECK_FALSE(matches({{"repository_id", ""}}, R"({})"));
  CHECK_FALSE(matches({{"repository_id", "42"}}, R"({"repository_id":42.5})"));
  CHECK_FALSE(matches({{"roles", "deploy"}}, R"({"roles":[["deploy"]]})"));
  CHECK_FALSE(matches({{"a", "1"}, {"b", "2"}}, R"({"a":"1"})"));
}

TEST_CASE("Directory: the most specific Identity wins, and a tie is refused", "[authn]") {
  const auto directory =
      Compile(Resources()
                  .Add(Provider())
                  .Add(TokenIdentity("by-claim", "", {{"team", "a"}}))
                  .Add(TokenIdentity("by-two", "", {{"team", "a"}, {"env", "prod"}}))
                  .Add(TokenIdentity("by-subject", "s-1"))
                  .Add(TokenIdentity("tie-1", "", {{"x", "1"}}))
                  .Add(TokenIdentity("tie-2", "", {{"y", "1"}})));
  CHECK(FromToken(*directory, Token("s-9", R"({"team":"a"})")).identity == "by-claim");
  CHECK(FromToken(*directory, Token("s-9", R"({"team":"a","env":"prod"})")).identity == "by-two");
  CHECK(FromToken(*directory, Token("s-1", R"({"team":"a","env":"prod"})")).identity ==
        "by-subject");
  CHECK(RefusedToken(*directory, Token("s-9", R"({"x":"1","y":"1"})")) == "identity_ambiguous");
  CHECK(FromToken(*directory, Token("s-1", R"({"x":"1","y":"1"})")).identity == "by-subject");
}

TEST_CASE("Directory: a token whose groups were omitted by the issuer is refused", "[authn]") {
  const auto directory = Compile(Resources().Add(Provider()));
  for (const char* claims :
       {R"({"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"x"}}})",
        R"({"hasgroups":true})", R"({"hasgroups":"true"})"}) {
    CAPTURE(claims);
    CHECK(RefusedToken(*directory, Token("s", claims)) == "groups_overage");
  }
  CHECK(RefusedToken(*directory, Token("s", R"({"_claim_names":{"other":"src1"}})")).empty());
  CHECK(RefusedToken(*directory, Token("s", R"({"hasgroups":false})")).empty());
}

TEST_CASE("Directory: groups are an array of strings, one string or absent", "[authn]") {
  domain::IdentityProvider provider = Provider();
  provider.oidc->groups_claim = "realm_access.roles";
  const auto directory = Compile(Resources().Add(provider));
  const auto groups = [&](const std::string& claims) {
    return FromToken(*directory, Token("s", claims)).groups;
  };
  CHECK(groups(R"({"realm_access":{"roles":["a","b","a"]}})") ==
        std::vector<std::string>{"a", "b"});
  CHECK(groups(R"({"realm_access":{"roles":"a"}})") == std::vector<std::string>{"a"});
  CHECK(groups(R"({"realm_access.roles":["c"]})") == std::vector<std::string>{"c"});
  CHECK(groups(R"({"realm_access":[]})").empty());
  CHECK(groups(R"({})").empty());
  for (const char* bad :
       {R"({"realm_access":{"roles":[1]}})", R"({"realm_access":{"roles":{}}})",
        R"({"realm_access":{"roles":null}})", R"({"realm_access":{"roles":[""]}})",
        R"({"realm_access":{"roles":["a",["b"]]}})"}) {
    CAPTURE(bad);
    CHECK(RefusedToken(*directory, Token("s", bad)) == "groups_malformed");
  }
  std::string many = R"({"realm_access":{"roles":["0")";
  for (std::size_t i = 1; i <= kMaxGroups; ++i) absl::StrAppend(&many, ",\"", i, "\"");
  CHECK(RefusedToken(*directory, Token("s", many + "]}}")) == "groups_malformed");
  CHECK(RefusedToken(*directory, Token("s", R"({"realm_access":{"roles":[")" +
                                                std::string(257, 'g') + R"("]}})")) ==
        "groups_malformed");
}

TEST_CASE("Directory: an access key's principal is its Identity, with our own issuer", "[authn]") {
  const auto directory = Compile(Resources()
                                     .Add(KeyIdentity("ci", {"builders"}))
                                     .Add(Binding("1", Role::kCaller, {"builders"})));
  const auto principal = directory->FromKey(MakeKey("ci"));
  REQUIRE(principal.ok());
  CHECK(principal->issuer == kKeyIssuer);
  CHECK(principal->subject == "ci");
  CHECK(principal->identity == "ci");
  CHECK(principal->kind == domain::IdentityKind::kService);
  CHECK(principal->expires_at == MakeKey("ci").expires_at);
  CHECK(domain::HasRole(*principal, Role::kCaller, ""));
  CHECK(GetReason(directory->FromKey(MakeKey("gone")).status()) == "identity_unknown");
}

TEST_CASE("Directory: the built-in administrator needs no resources and is no caller", "[authn]") {
  for (const auto& admin : {Directory::FromKeyWithoutResources(MakeKey("admin")),
                            Compile(Resources())->FromKey(MakeKey("admin"))}) {
    REQUIRE(admin.ok());
    CHECK(domain::HasRole(*admin, Role::kAdmin, ""));
    CHECK(domain::HasRole(*admin, Role::kAuditor, ""));
    CHECK_FALSE(domain::HasRole(*admin, Role::kReviewer, ""));
    CHECK_FALSE(domain::HasRole(*admin, Role::kCaller, ""));
    CHECK(admin->kind == domain::IdentityKind::kUnspecified);
  }
  CHECK(Directory::FromKeyWithoutResources(MakeKey("ci")).status().code() ==
        absl::StatusCode::kUnavailable);
}

TEST_CASE("Directory: an Identity named admin does not make a token the built-in administrator",
          "[authn]") {
  const auto directory = Compile(Resources().Add(Provider()).Add(TokenIdentity("admin", "s-1")));
  CHECK_FALSE(domain::HasRole(FromToken(*directory, Token("s-1")), Role::kAdmin, ""));
  CHECK(domain::HasRole(*directory->FromKey(MakeKey("admin")), Role::kAdmin, ""));
}

TEST_CASE("Directory::Compile: every mistake is named", "[authn]") {
  domain::IdentityProvider bad = Provider("bad", "http://idp.example");
  bad.oidc->algorithms = {"HS256"};
  bad.oidc->jwks_uri = "ftp://x";
  const auto refused = Directory::Compile(Resources()
                                              .Add(bad)
                                              .Add(Provider("one", "https://same.example"))
                                              .Add(Provider("two", "https://same.example"))
                                              .Add(TokenIdentity("lost", "s", {}, "nowhere"))
                                              .Set())
                           .status();
  CHECK(absl::IsInvalidArgument(refused));
  const std::string message(refused.message());
  for (const char* part :
       {"IdentityProvider/bad: spec.oidc.algorithms: \"HS256\"",
        "IdentityProvider/bad: spec.oidc.issuer", "IdentityProvider/bad: spec.oidc.jwksUri",
        "IdentityProvider/two: spec.oidc.issuer", "Identity/lost: spec.match.provider"}) {
    CHECK_THAT(message, Catch::Contains(part));
  }
}

}  // namespace countersign::authn::directory
