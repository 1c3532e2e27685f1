#include "libs/base/encoding.h"

#include <catch2/catch.hpp>

#include "libs/base/random.h"

namespace countersign {

TEST_CASE("HexDecode: inverts HexEncode and refuses upper case", "[base]") {
  CHECK(*HexDecode(HexEncode(absl::string_view("\x00\xffz", 3))) == std::string("\x00\xffz", 3));
  CHECK_FALSE(HexDecode("AB").ok());
  CHECK_FALSE(HexDecode("a").ok());
}

TEST_CASE("Base64UrlDecode: every value has exactly one accepted encoding", "[base]") {
  CHECK(*Base64UrlDecode("_-8") == "\xff\xef");
  for (const char* bad : {"_-9", "_-8=", "_+8", "a", "a b", "\xc3\xa9"}) {
    INFO(bad);
    CHECK_FALSE(Base64UrlDecode(bad).ok());
  }
}

TEST_CASE("LengthPrefixed: moving a byte between fields changes the result", "[base]") {
  CHECK(LengthPrefixed().Add("ab").Add("c").bytes() != LengthPrefixed().Add("a").Add("bc").bytes());
}

TEST_CASE("UuidV7: has version, variant and time order", "[base]") {
  SystemRandom random;
  const std::string early = UuidV7(absl::FromUnixMillis(1000), random);
  const std::string late = UuidV7(absl::FromUnixMillis(2000), random);
  CHECK(early.size() == 36);
  CHECK(early[14] == '7');
  CHECK(std::string("89ab").find(early[19]) != std::string::npos);
  CHECK(early < late);
}

}  // namespace countersign
