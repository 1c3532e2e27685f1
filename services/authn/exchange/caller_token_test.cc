#include "services/authn/exchange/caller_token.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "libs/jose/internal_token.h"
#include "libs/testing/fake_clock.h"
#include "services/authn/internal_tokens/minter_cppjwt.h"

namespace countersign::authn::exchange {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Party MakeParty(const std::string& subject) {
  Party party;
  party.provider = "corp";
  party.issuer = "https://idp.example";
  party.subject = subject;
  party.identity = "alice";
  party.identity_version = 7;
  party.kind = domain::IdentityKind::kHuman;
  party.groups = {"ml"};
  return party;
}

CallerToken MakeToken() {
  return {MakeParty("s-alice"),
          {MakeParty("bot-2"), MakeParty("bot-1")},
          kNow,
          kNow + absl::Minutes(5)};
}

absl::StatusOr<CallerToken> Verify(const CallerTokens& tokens, const SecretString& token,
                                   absl::Time now = kNow) {
  const auto parsed = jose::UnverifiedToken::Parse(token.Reveal());
  REQUIRE(parsed.ok());
  return tokens.Verify(*parsed, now);
}

}  // namespace

TEST_CASE("CallerTokens: what was minted is read again", "[authn]") {
  const CallerTokens tokens(crypto::EcSigningKey::Generate());
  const auto minted = tokens.Mint(MakeToken(), "id");
  REQUIRE(minted.ok());
  const auto read = Verify(tokens, *minted);
  REQUIRE(read.ok());
  CHECK(read->subject.subject == "s-alice");
  CHECK(read->subject.provider == "corp");
  CHECK(read->subject.identity == "alice");
  CHECK(read->subject.identity_version == 7);
  CHECK(read->subject.kind == domain::IdentityKind::kHuman);
  CHECK(read->subject.groups == std::vector<std::string>{"ml"});
  REQUIRE(read->actors.size() == 2);
  CHECK(read->actors[0].subject == "bot-2");
  CHECK(read->expires_at == kNow + absl::Minutes(5));
  CHECK(GetReason(Verify(tokens, *minted, kNow + absl::Minutes(6)).status()) ==
        "credential_expired");
}

TEST_CASE("CallerTokens: readers see the chain of actors as RFC 8693 writes it", "[authn]") {
  const CallerTokens tokens(crypto::EcSigningKey::Generate());
  const auto parsed = jose::UnverifiedToken::Parse(tokens.Mint(MakeToken(), "id")->Reveal());
  jose::Expectations expectations;
  expectations.issuer = "countersign";
  expectations.audiences = {"countersign"};
  expectations.algorithms = {crypto::SignatureAlgorithm::kEs256};
  const auto verified =
      jose::VerifyToken(*parsed, expectations, *jose::ParseJwkSet(tokens.public_keys()), kNow);
  REQUIRE(verified.ok());
  const json::Value claims = verified->claims();
  CHECK(claims["sub"].text() == "s-alice");
  CHECK(claims["jti"].text() == "id");
  CHECK(claims["act"]["sub"].text() == "bot-2");
  CHECK(claims["act"]["act"]["sub"].text() == "bot-1");
  CHECK_FALSE(claims["act"]["act"]["act"].exists());
}

TEST_CASE("CallerTokens: internal tokens and callers' tokens are never each other", "[authn]") {
  // Even when both are signed by one key.
  const crypto::EcSigningKey key = crypto::EcSigningKey::Generate();
  const CallerTokens tokens(key);
  internal_tokens::CppJwtMinter minter(key);
  domain::Principal principal;
  principal.issuer = "i";
  principal.subject = "s";
  const auto internal = minter.Mint(principal, kNow);
  REQUIRE(internal.ok());
  CHECK_FALSE(CallerTokens::IsCallerToken(*jose::UnverifiedToken::Parse(internal->token.Reveal())));
  CHECK_FALSE(Verify(tokens, internal->token).ok());

  const countersign::testing::FakeClock clock(kNow);
  jose::FixedInternalKeys keys(*jose::ParseJwkSet(minter.PublicKeys()));
  jose::InternalTokenVerifier verifier(keys, clock);
  CHECK(verifier.Verify(internal->token.Reveal()).ok());
  CHECK_FALSE(verifier.Verify(tokens.Mint(MakeToken(), "id")->Reveal()).ok());
}

TEST_CASE("CallerTokens: tokens of another key, and what is too large", "[authn]") {
  const CallerTokens tokens(crypto::EcSigningKey::Generate());
  const CallerTokens other(crypto::EcSigningKey::Generate());
  CHECK_FALSE(Verify(tokens, *other.Mint(MakeToken(), "id")).ok());
  CallerToken large = MakeToken();
  large.subject.groups.assign(400, std::string(60, 'g'));
  CHECK(GetReason(tokens.Mint(large, "id").status()) == "token_too_large");
}

}  // namespace countersign::authn::exchange
