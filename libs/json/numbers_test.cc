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
}

}  // namespace
}  // namespace countersign::json
