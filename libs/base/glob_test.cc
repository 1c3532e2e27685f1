#include "libs/base/glob.h"

#include <catch2/catch.hpp>
#include <string>

namespace countersign {

TEST_CASE("GlobMatch: without wildcards it is equality", "[glob]") {
  CHECK(GlobMatch("gpt-4o", "gpt-4o"));
  CHECK_FALSE(GlobMatch("gpt-4o", "gpt-4o-mini"));
  CHECK_FALSE(GlobMatch("gpt-4o-mini", "gpt-4o"));
  CHECK_FALSE(GlobMatch("gpt-4o", "GPT-4O"));
  CHECK(GlobMatch("", ""));
  CHECK_FALSE(GlobMatch("", "x"));
}

TEST_CASE("GlobMatch: a star matches any number of characters, including slashes", "[glob]") {
  CHECK(GlobMatch("*", ""));
  CHECK(GlobMatch("*", "anything/at/all"));
  CHECK(GlobMatch("gpt-*", "gpt-4o-mini"));
  CHECK(GlobMatch("gpt-*", "gpt-"));
  CHECK_FALSE(GlobMatch("gpt-*", "o1-gpt-4"));
  CHECK(GlobMatch("*/llama-*-chat", "meta/llama-3-70b-chat"));
  CHECK_FALSE(GlobMatch("*/llama-*-chat", "meta/llama-3-70b-chat-v2"));
  CHECK(GlobMatch("**a**", "bab"));
  CHECK(GlobMatch("a*b*a", "abba"));
  CHECK_FALSE(GlobMatch("a*b*a", "ab"));
}

TEST_CASE("GlobMatch: a question mark matches one character of any length in bytes", "[glob]") {
  CHECK(GlobMatch("gpt-?o", "gpt-4o"));
  CHECK_FALSE(GlobMatch("gpt-?o", "gpt-o"));
  CHECK(GlobMatch("caf?", "caf\xC3\xA9"));
  CHECK_FALSE(GlobMatch("caf??", "caf\xC3\xA9"));
  CHECK_FALSE(GlobMatch("*??", "\xE2\x82\xAC"));
  CHECK_FALSE(GlobMatch("?", ""));
}

TEST_CASE("GlobMatch: many stars over a long text that almost matches stay fast", "[glob]") {
  std::string glob;
  for (int i = 0; i < 50; ++i) glob += "a*";
  glob += "b";
  CHECK_FALSE(GlobMatch(glob, std::string(20'000, 'a')));
}

}  // namespace countersign
