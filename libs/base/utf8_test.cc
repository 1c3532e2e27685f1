#include "libs/base/utf8.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

namespace countersign {

TEST_CASE("IsUtf8: accepts the first and last sequence of every length", "[base]") {
  for (const char* good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    INFO(good);
    CHECK(IsUtf8(good));
  }
  CHECK(IsUtf8(absl::string_view("a\0b", 3)));
}

TEST_CASE("IsUtf8: agrees with decoding character by character, for an error at any offset",
          "[base]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::vector<std::string> pieces = {"a",
                                           "bcdefgh",
                                           "\xc3\xa9",
                                           "\xe2\x82\xac",
                                           "\xf0\x9f\x98\x80",
                                           "\xed\x9f\xbf",
                                           "\xf4\x8f\xbf\xbf",
                                           "\xe0\xa0\x80",
                                           "\xf0\x90\x80\x80",
                                           "\xee\x80\x80",
                                           "\xc2\x80"};
  const auto by_character = [](absl::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const Utf8Char next = DecodeUtf8(bytes, at);
      if (!next.valid) return false;
      at += next.size;
    }
    return true;
  };
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (unsigned left = random() % 20; left > 0; --left) text += pieces[random() % pieces.size()];
    REQUIRE(IsUtf8(text));
    if (text.empty()) continue;
    if (random() % 3 == 0) text.resize(random() % text.size());
    if (!text.empty() && random() % 2 == 0) {
      text[random() % text.size()] =
          static_cast<char>(random() % 4 == 0 ? random() : random() | 0x80);
    }
    INFO("round " << round);
    REQUIRE(IsUtf8(text) == by_character(text));
    refused += IsUtf8(text) ? 0 : 1;
  }
  CHECK(refused > 3000);
}

TEST_CASE("IsUtf8: refuses overlong forms, surrogates, values too large and truncated sequences",
          "[base]") {
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
                          "ok\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3(", "\xe2\x82("}) {
    INFO(bad);
    CHECK_FALSE(IsUtf8(bad));
  }
}

TEST_CASE("DecodeUtf8: gives the code point and the size of every length", "[base]") {
  const absl::string_view text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff";
  std::size_t at = 0;
  for (const std::uint32_t expected : {0x61u, 0xe9u, 0x20acu, 0x1f600u}) {
    const Utf8Char character = DecodeUtf8(text, at);
    CHECK(character.valid);
    CHECK(character.code_point == expected);
    at += character.size;
  }
  CHECK_FALSE(DecodeUtf8(text, at).valid);
  CHECK(DecodeUtf8(text, at).size == 1);
}

TEST_CASE("EncodeUtf8: inverts DecodeUtf8 for every length", "[base]") {
  for (const std::uint32_t c : {0x0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xFFFDu, 0x10000u, 0x10FFFFu}) {
    const std::string bytes = EncodeUtf8(c);
    const Utf8Char decoded = DecodeUtf8(bytes, 0);
    CHECK(decoded.valid);
    CHECK(decoded.code_point == c);
    CHECK(decoded.size == bytes.size());
  }
  CHECK(EncodeUtf8(0xD800).empty());
  CHECK(EncodeUtf8(0x110000).empty());
}

}  // namespace countersign
