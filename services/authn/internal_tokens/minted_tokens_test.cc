#include "services/authn/internal_tokens/minted_tokens.h"

#include <catch2/catch.hpp>

#include "services/authn/testing/authn_testing.h"

namespace countersign::authn::internal_tokens {
namespace {

struct Fixture {
  domain::Principal Somebody(const std::string& subject = "s") {
    domain::Principal principal;
    principal.issuer = "i";
    principal.subject = subject;
    return principal;
  }
  std::string TokenFor(const domain::Principal& principal) {
    return tokens.GetOrMint(principal, clock.Now())->token->Reveal();
  }

  countersign::testing::FakeClock clock;
  testing::FakeMinter minter;
  MintedTokens tokens{minter, 2};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "MintedTokens: one token serves a principal for half a minute",
                 "[authn]") {
  const std::string first = TokenFor(Somebody());
  clock.Advance(absl::Seconds(29));
  CHECK(TokenFor(Somebody()) == first);
  clock.Advance(absl::Seconds(1));
  CHECK(TokenFor(Somebody()) != first);
  CHECK(minter.minted == 2);
}

TEST_CASE_METHOD(Fixture, "MintedTokens: whoever differs in anything gets a token of their own",
                 "[authn]") {
  const std::string base = TokenFor(Somebody());
  std::vector<domain::Principal> others(7, Somebody());
  others[0].issuer = "i2";
  others[1].subject = "s2";
  others[2].identity = "x";
  others[3].groups = {"g"};
  others[4].roles = {{domain::Role::kCaller, {}}};
  others[5].owner = "o";
  others[6].expires_at = clock.Now() + absl::Hours(1);
  for (const domain::Principal& other : others) CHECK(TokenFor(other) != base);
}

TEST_CASE_METHOD(Fixture, "MintedTokens: keeps a bounded number", "[authn]") {
  TokenFor(Somebody("a"));
  TokenFor(Somebody("b"));
  TokenFor(Somebody("c"));
  CHECK(minter.minted == 3);
  TokenFor(Somebody("c"));
  TokenFor(Somebody("b"));
  CHECK(minter.minted == 3);
  TokenFor(Somebody("a"));
  CHECK(minter.minted == 4);
}

TEST_CASE_METHOD(Fixture, "MintedTokens: a failure is passed on and not kept", "[authn]") {
  minter.failure = absl::InternalError("broken");
  CHECK_FALSE(tokens.GetOrMint(Somebody(), clock.Now()).ok());
  minter.failure = absl::OkStatus();
  CHECK(tokens.GetOrMint(Somebody(), clock.Now()).ok());
}

}  // namespace countersign::authn::internal_tokens
