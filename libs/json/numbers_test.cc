#include "libs/json/numbers.h"

#include <catch2/catch.hpp>

namespace countersign::json {
namespace {

TEST_CASE("NumberText: exponents and zero fractions are resolved", "[json]") {
  CHECK(NumberText("4.111111111111111e15") == "4111111111111111");
  CHECK(NumberText("4111111111111111.0") == "4111111111111111");
  CHECK(NumberText("-41111111111111110E-1") == "-4111111111111111");
  CHECK(NumberText("0.5") == "0.5");
  CHECK(NumberText("-0") == "-0");
  CHECK(NumberText("1e-3") == "0.001");
  CHECK(NumberText("1e999999999999") == "1e999999999999");
}

TEST_CASE("IsShortNumber: eleven digits before the point", "[json]") {
  CHECK(IsShortNumber("17000000000"));
  CHECK(IsShortNumber("-0.12345678901234567"));
  CHECK(!IsShortNumber("411111111111"));
  CHECK(!IsShortNumber("4e11"));
  CHECK(!IsShortNumber("4.111111111111111e400"));
  CHECK(!IsShortNumber("1e-400"));
}

TEST_CASE("ReplaceLargeNumbers: only valid numbers beyond the usual ranges change", "[json]") {
  CHECK(ReplaceLargeNumbers(R"([1e400,-1E+999 ,"1e400",18446744073709551616])") ==
        R"([1e000,1e00000 ,"1e400",1e000000000000000000])");
  CHECK(ReplaceLargeNumbers(R"({"a\"1e400":-9223372036854775809})") ==
        R"({"a\"1e400":1e000000000000000000})");
  for (const char* same : {"18446744073709551615", "-9223372036854775808", "1.7976931348623157e308",
                           "1e-400", "[]", "01e400", "1e400.5", "--99999999999999999999",
                           "000018446744073709551616", "1e", "\"1e400", "184467440737095516160x"}) {
    CAPTURE(same);
    CHECK_FALSE(ReplaceLargeNumbers(same).has_value());
  }
}

}  // namespace
}  // namespace countersign::json
