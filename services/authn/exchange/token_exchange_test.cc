#include "services/authn/exchange/token_exchange.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "libs/base/status.h"
#include "services/authn/testing/authn_fixture.h"
#include "services/authn/testing/saml_testing.h"

namespace countersign::authn::exchange {
namespace {

using domain::IdentityKind;
using domain::Role;
using saml::testing::MakeAssertion;
using testing::Binding;
using testing::Encoded;
using testing::KeyIdentity;
using testing::Resources;
using testing::TokenIdentity;

struct Fixture : testing::AuthnFixture {
  Fixture() { Serve(Standard()); }

  Resources Standard() {
    domain::IdentityProvider sso = testing::SamlProvider(idp);
    sso.saml->signs_in_people = true;
    sso.saml->issuer = saml::testing::kEntityId;
    return Resources()
        .Add(testing::Provider())
        .Add(sso)
        .Add(TokenIdentity("alice", "s-alice"))
        .Add(KeyIdentity("bot", {"bots"}))
        .Add(Binding("a", Role::kCaller, {"ml"}, {"alice"}))
        .Add(Binding("b", Role::kCaller, {"bots"}, {}, {"openai"}))
        .Add(Binding("r", Role::kReviewer, {"ml"}, {"alice"}));
  }

  absl::StatusOr<domain::IssuedToken> Exchange(domain::TokenRequest request) {
    request.deadline = clock.Now() + absl::Seconds(5);
    std::promise<absl::StatusOr<domain::IssuedToken>> answer;
    authn.token_exchange.Exchange(
        std::move(request),
        [&](absl::StatusOr<domain::IssuedToken> token) { answer.set_value(std::move(token)); });
    return answer.get_future().get();
  }
  absl::StatusOr<domain::IssuedToken> Exchange(
      const std::string& subject, domain::CredentialType type = domain::CredentialType::kKeyOrToken,
      const std::string& actor = "") {
    domain::TokenRequest request;
    request.subject = SecretString(subject);
    request.subject_type = type;
    request.actor = SecretString(actor);
    return Exchange(std::move(request));
  }
  std::string Refusal(const std::string& subject,
                      domain::CredentialType type = domain::CredentialType::kKeyOrToken,
                      const std::string& actor = "") {
    const auto token = Exchange(subject, type, actor);
    return token.ok() ? "accepted" : GetReason(token.status());
  }
  std::shared_ptr<const domain::Principal> Principal(const domain::IssuedToken& token) {
    const auto who = Authenticate(token.token.Reveal());
    REQUIRE(who.ok());
    return who->principal;
  }
  std::string Assertion(const std::string& id = "_a1") {
    auto parts = MakeAssertion(clock.Now(), "carol", {{"groups", {"ml"}}});
    parts.id = id;
    return Encoded(idp.SignedAssertion(parts));
  }

  const saml::testing::SamlSigner idp;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "Exchange: a JWT for a token that calls accept", "[authn]") {
  const auto token = Exchange(Token("s-alice"), domain::CredentialType::kToken);
  REQUIRE(token.ok());
  CHECK(token->expires_at == clock.Now() + absl::Seconds(300));
  const auto principal = Principal(*token);
  CHECK(principal->identity == "alice");
  CHECK(principal->issuer == testing::kIssuer);
  CHECK(principal->subject == "s-alice");
  CHECK(principal->kind == IdentityKind::kHuman);
  CHECK(domain::HasRole(*principal, Role::kReviewer, "any"));
  CHECK(principal->expires_at == token->expires_at);
  clock.Advance(absl::Minutes(6));
  CHECK(Reason(token->token.Reveal()) == "credential_expired");
}

TEST_CASE_METHOD(Fixture, "Exchange: an assertion, once", "[authn]") {
  const std::string assertion = Assertion();
  const auto token = Exchange(assertion, domain::CredentialType::kAssertion);
  REQUIRE(token.ok());
  const auto principal = Principal(*token);
  CHECK(principal->issuer == saml::testing::kEntityId);
  CHECK(principal->subject == "carol");
  CHECK(principal->kind == IdentityKind::kHuman);
  CHECK(principal->groups == std::vector<std::string>{"ml"});
  CHECK(Refusal(assertion, domain::CredentialType::kAssertion) == "assertion_replayed");
  CHECK(Reason(assertion) == "assertion_replayed");
  CHECK(Refusal(Assertion("_a2"), domain::CredentialType::kAssertion) == "accepted");
}

TEST_CASE_METHOD(Fixture, "Exchange: of many at a time, an assertion gives one token", "[authn]") {
  const std::string assertion = Assertion();
  std::atomic<int> won{0};
  std::vector<std::thread> racers;
  for (int i = 0; i < 8; ++i) {
    racers.emplace_back([&] {
      if (Exchange(assertion, domain::CredentialType::kAssertion).ok()) ++won;
    });
  }
  for (std::thread& racer : racers) racer.join();
  CHECK(won == 1);
}

TEST_CASE_METHOD(Fixture, "Exchange: OneTimeUse is for the exchange", "[authn]") {
  auto parts = MakeAssertion(clock.Now(), "carol");
  parts.conditions =
      saml::testing::Conditions(clock.Now(), clock.Now() + absl::Minutes(5),
                                saml::testing::AudienceRestriction(saml::testing::kAudience) +
                                    "<saml:OneTimeUse></saml:OneTimeUse>");
  const std::string assertion = Encoded(idp.SignedAssertion(parts));
  CHECK(Refusal(assertion, domain::CredentialType::kAssertion) == "accepted");
  CHECK(Refusal(assertion, domain::CredentialType::kAssertion) == "assertion_replayed");
}

TEST_CASE_METHOD(Fixture, "Exchange: without the database nothing is exchanged", "[authn]") {
  const std::string assertion = Assertion();
  used_assertions.failure = absl::UnavailableError("no database");
  CHECK(Exchange(assertion, domain::CredentialType::kAssertion).status().code() ==
        absl::StatusCode::kUnavailable);
}

TEST_CASE_METHOD(Fixture, "Exchange: a key's token ends with the key", "[authn]") {
  const std::string key = MakeKey("bot", absl::Hours(3));
  const auto token = Exchange(key);
  REQUIRE(token.ok());
  CHECK(token->expires_at == clock.Now() + kMaxCallerTokenLifetime);
  CHECK(Principal(*token)->identity == "bot");
  CHECK(Principal(*token)->kind == IdentityKind::kService);
  const auto record = keys.FindByHash(authn.hasher.Hash(SecretString(key)));
  REQUIRE(keys.Revoke(record->id, clock.Now()).ok());
  CHECK(Reason(token->token.Reveal()) == "key_revoked");
}

TEST_CASE_METHOD(Fixture, "Exchange: roles, Identities and providers are those of each moment",
                 "[authn]") {
  const auto token = Exchange(Token("s-alice"));
  const auto saml_token = Exchange(Assertion(), domain::CredentialType::kAssertion);
  REQUIRE(token.ok());
  REQUIRE(saml_token.ok());
  Serve(Standard().Add(Binding("x", Role::kAuditor, {}, {"alice"})));
  CHECK(domain::HasRole(*Principal(*token), Role::kAuditor, ""));
  // An Identity that is not a person's any more.
  domain::Identity service = TokenIdentity("alice", "s-alice");
  service.kind = IdentityKind::kService;
  Serve(Standard().Add(service));
  CHECK(Principal(*token)->kind == IdentityKind::kService);
  // Another Identity of the name.
  domain::Identity replaced = TokenIdentity("alice", "s-alice");
  replaced.created_version = 9;
  Serve(Standard().Add(replaced));
  CHECK(Reason(token->token.Reveal()) == "identity_replaced");
  // A provider that does not sign in people alone any more, and one that is gone.
  Serve(Standard().Add(testing::SamlProvider(idp)));
  CHECK(Principal(*saml_token)->kind == IdentityKind::kUnspecified);
  Serve(Resources().Add(testing::Provider()));
  CHECK(Reason(saml_token->token.Reveal()) == "issuer_unknown");
  CHECK(Reason(token->token.Reveal()) == "identity_unknown");
}

TEST_CASE_METHOD(Fixture, "Exchange: an agent acts for a person, as a caller only", "[authn]") {
  const std::string bot = MakeKey("bot");
  const auto token = Exchange(Token("s-alice"), domain::CredentialType::kKeyOrToken, bot);
  REQUIRE(token.ok());
  const auto principal = Principal(*token);
  CHECK(principal->subject == "s-alice");
  CHECK(principal->identity == "alice");
  CHECK(principal->kind == IdentityKind::kAgent);
  CHECK(principal->owner == "alice");
  CHECK(principal->actor == "bot");
  CHECK(domain::HasRole(*principal, Role::kCaller, "openai"));
  CHECK_FALSE(domain::HasRole(*principal, Role::kCaller, "other"));  // not the bot's
  CHECK_FALSE(domain::HasRole(*principal, Role::kReviewer, ""));
  // The chain: a further agent.
  const auto further = Exchange(token->token.Reveal(), domain::CredentialType::kToken, bot);
  REQUIRE(further.ok());
  CHECK(further->expires_at == token->expires_at);
  CHECK(Principal(*further)->kind == IdentityKind::kAgent);
  // It ends with the agent's key.
  const auto record = keys.FindByHash(authn.hasher.Hash(SecretString(bot)));
  REQUIRE(keys.Revoke(record->id, clock.Now()).ok());
  CHECK(Reason(token->token.Reveal()) == "key_revoked");
}

TEST_CASE_METHOD(Fixture, "Exchange: who may act", "[authn]") {
  const std::string bot = MakeKey("bot");
  const auto with = [&](const std::string& may_act) {
    return Refusal(Token("s-alice", R"("may_act":)" + may_act), domain::CredentialType::kToken,
                   bot);
  };
  CHECK(with(R"({"sub":"bot","iss":"countersign"})") == "accepted");
  CHECK(with(R"({"sub":"bot"})") == "actor_not_allowed");  // of the subject's issuer
  CHECK(with(R"({"sub":"other","iss":"countersign"})") == "actor_not_allowed");
  CHECK(with("1") == "actor_not_allowed");
  // Without an actor it does not matter.
  CHECK(Refusal(Token("s-alice", R"("may_act":{"sub":"other"})")) == "accepted");
  // An agent's own delegation cannot be passed on as an actor.
  const auto delegated = Exchange(Token("s-alice"), domain::CredentialType::kToken, bot);
  CHECK(Refusal(Token("s-alice"), domain::CredentialType::kToken, delegated->token.Reveal()) ==
        "actor_not_allowed");
  std::string chain = Exchange(Token("s-alice"))->token.Reveal();
  for (std::size_t i = 0; i < kMaxActors; ++i) {
    chain = Exchange(chain, domain::CredentialType::kToken, bot)->token.Reveal();
  }
  CHECK(Refusal(chain, domain::CredentialType::kToken, bot) == "too_many_actors");
}

TEST_CASE_METHOD(Fixture, "Exchange: a refused actor spends no assertion", "[authn]") {
  const std::string assertion = Assertion();
  const auto refused =
      Exchange(assertion, domain::CredentialType::kAssertion, "no-such-access-key");
  CHECK(GetReason(refused.status()) == "key_unknown");
  CHECK_THAT(std::string(refused.status().message()), Catch::Contains("the actor's credential"));
  CHECK(Refusal(assertion, domain::CredentialType::kAssertion) == "accepted");
}

TEST_CASE_METHOD(Fixture, "Exchange: credentials are of the type that the request says",
                 "[authn]") {
  CHECK(Refusal(Token("s-alice"), domain::CredentialType::kAssertion) == "token_type_mismatch");
  CHECK(Refusal(Assertion()) == "token_type_mismatch");
  CHECK(Refusal(Assertion(), domain::CredentialType::kToken) == "token_type_mismatch");
  CHECK(Refusal(MakeKey("bot"), domain::CredentialType::kToken) == "token_type_mismatch");
  CHECK(Refusal("") == "credential_missing");
  CHECK(Refusal("no-such-access-key") == "key_unknown");
}

TEST_CASE_METHOD(Fixture, "Exchange: what is about to expire is refused", "[authn]") {
  const std::string token = Token("s-alice");
  clock.Advance(absl::Seconds(301));  // within the allowed clock skew
  CHECK(Refusal(token) == "credential_expired");
}

}  // namespace countersign::authn::exchange
