#include "services/authn/internal_tokens/minter_cppjwt.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "libs/jose/internal_token.h"
#include "libs/testing/fake_clock.h"

namespace countersign::authn::internal_tokens {
namespace {

domain::Principal Alice(int number = 0) {
  domain::Principal alice;
  alice.issuer = "https://idp.example";
  alice.subject = "s-" + std::to_string(number) + "\n\"\xc3\xa4\xf0\x9f\x98\x80";
  alice.identity = "alice";
  alice.kind = domain::IdentityKind::kHuman;
  alice.groups = {"security"};
  alice.roles = {{domain::Role::kReviewer, {"openai"}}};
  return alice;
}

struct Fixture {
  countersign::testing::FakeClock clock;
  crypto::EcSigningKey key = crypto::EcSigningKey::Generate();
  CppJwtMinter minter{key};
  jose::FixedInternalKeys keys{*jose::ParseJwkSet(minter.PublicKeys())};
  jose::InternalTokenVerifier verifier{keys, clock};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "CppJwtMinter: the strict verifier accepts what it mints, every time",
                 "[authn]") {
  // 600, because r or s begins with a zero byte in about one signature of 128.
  for (int i = 0; i < 600; ++i) {
    const auto minted = minter.Mint(Alice(i), clock.Now());
    REQUIRE(minted.ok());
    CHECK(minted->expires_at == clock.Now() + absl::Seconds(120));
    const auto verified = verifier.Verify(minted->token.Reveal());
    INFO(verified.status().ToString());
    REQUIRE(verified.ok());
    CHECK((*verified)->subject == Alice(i).subject);
    CHECK((*verified)->roles[0].connections == Alice(i).roles[0].connections);
  }
}

TEST_CASE_METHOD(Fixture, "CppJwtMinter: another installation's tokens are of an unknown key",
                 "[authn]") {
  CppJwtMinter other(crypto::EcSigningKey::Generate());
  const auto minted = other.Mint(Alice(), clock.Now());
  REQUIRE(minted.ok());
  CHECK(GetReason(verifier.Verify(minted->token.Reveal()).status()) == jose::reason::kKeyIdUnknown);
}

TEST_CASE_METHOD(Fixture, "CppJwtMinter: the published set has one public key and nothing private",
                 "[authn]") {
  const auto set = jose::ParseJwkSet(minter.PublicKeys());
  REQUIRE(set.ok());
  CHECK(set->skipped.empty());
  REQUIRE(set->keys.size() == 1);
  CHECK(set->keys[0].key == key.public_key());
}

}  // namespace countersign::authn::internal_tokens
