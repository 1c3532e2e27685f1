#include "libs/base/hex_digits.h"

#include <catch2/catch.hpp>

namespace countersign {
namespace {

TEST_CASE("HexDigitValue: digits of either case, and nothing else", "[base]") {
  int digits = 0;
  for (int c = -128; c < 128; ++c) digits += HexDigitValue(static_cast<char>(c)) >= 0;
  CHECK(digits == 22);
  CHECK(HexDigitValue('0') == 0);
  CHECK(HexDigitValue('9') == 9);
  CHECK(HexDigitValue('a') == 10);
  CHECK(HexDigitValue('F') == 15);
}

TEST_CASE("IsHex: digits of either case; IsLowerHex: of lower case", "[base]") {
  CHECK(IsHex("09afAF"));
  CHECK(IsLowerHex("09af"));
  CHECK_FALSE(IsLowerHex("09aF"));
  for (const char* odd : {"", "g", "0x1", "1 ", "\xc3\xa9"}) {
    CHECK_FALSE(IsHex(odd));
    CHECK_FALSE(IsLowerHex(odd));
  }
}

TEST_CASE("ParseHex: one to eight digits", "[base]") {
  CHECK(ParseHex("0") == 0u);
  CHECK(ParseHex("fFfF") == 0xFFFFu);
  CHECK(ParseHex("ffffffff") == 0xFFFFFFFFu);
  for (const char* odd : {"", "123456789", "g", "1 ", "-1", "0x1", "+1"}) {
    CHECK_FALSE(ParseHex(odd).has_value());
  }
}

}  // namespace
}  // namespace countersign
