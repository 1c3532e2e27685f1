#include "libs/crypto/page_tokens.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/base/status.h"

namespace countersign::crypto {
namespace {

TEST_CASE("PageTokens: a token gives its place within its scope only", "[crypto]") {
  SystemRandom random;
  const SecretString secret(std::string(32, 's'));
  const PageTokens tokens(secret, random);
  const std::string token = tokens.Make("alice sees openai", "place 7");
  CHECK(*tokens.Read("alice sees openai", token) == "place 7");
  CHECK(*PageTokens(secret, random).Read("alice sees openai", token) == "place 7");
  CHECK(tokens.Read("alice sees openai", "")->empty());
  for (const char* other : {"bob sees openai", "alice sees everything", ""}) {
    CHECK(GetReason(tokens.Read(other, token).status()) == "page_token_invalid");
  }
  const PageTokens elsewhere(SecretString(std::string(32, 't')), random);
  CHECK(absl::IsInvalidArgument(elsewhere.Read("alice sees openai", token).status()));
}

TEST_CASE("PageTokens: the token does not show its place, and no byte of it can be changed",
          "[crypto]") {
  SystemRandom random;
  const PageTokens tokens(SecretString(std::string(32, 's')), random);
  const std::string token = tokens.Make("scope", "place");
  CHECK(token != tokens.Make("scope", "place"));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(tokens.Read("scope", changed).ok());
  }
  for (const std::string& bad : {std::string("x"), std::string("!"), std::string(5000, 'A'),
                                 token.substr(1), token + "A", std::string("a\0b", 3)}) {
    CHECK(GetReason(tokens.Read("scope", bad).status()) == "page_token_invalid");
  }
}

}  // namespace
}  // namespace countersign::crypto
