#include "libs/dialects/decoded_view.h"

#include <catch2/catch.hpp>

#include "libs/dialects/json_numbers.h"

namespace countersign::dialects {
namespace {

TEST_CASE("DecodedView: escapes of every kind, nested too", "[dialects]") {
  CHECK(DecodedView(R"(\u0034\\u0031\\\\u0031)") == "411");
  CHECK(DecodedView(R"(\x34\/\"\n)") == "4/\"\n");
  CHECK(DecodedView("%34%2531") == "41");
  CHECK(DecodedView("&#52;&#x31;&amp;#49;") == "411");
  CHECK(DecodedView(R"(\ud835\udfd2)") == "\xf0\x9d\x9f\x92");
}

TEST_CASE("DecodedView: references without semicolon, octal escapes and tags", "[dialects]") {
  CHECK(DecodedView("4&#x31&#49&#x31;1") == "41111");
  CHECK(DecodedView(R"(\064\061\\061 \0 \999)") == R"(411 \0 \999)");
  CHECK(DecodedView("4<b>1</b>1<!-- x --><br/>1 < 2 > 1") == "4111 < 2 > 1");
  CHECK(DecodedView("4&lt;b&gt;1") == "41");
}

TEST_CASE("DecodedView: what is no escape stays", "[dialects]") {
  for (const char* text :
       {"", "plain", "100% & more;", R"(C:\dir \ud800 \q \)", "&copy; &# &#;", "%zz %f0 %"}) {
    CHECK(DecodedView(text) == text);
  }
}

TEST_CASE("NumberText: exponents and empty fractions hide no digits", "[dialects]") {
  CHECK(NumberText("4.111111111111111e15") == "4111111111111111");
  CHECK(NumberText("4111111111111111.0") == "4111111111111111");
  CHECK(NumberText("-41111111111111110E-1") == "-4111111111111111");
  CHECK(NumberText("0.5") == "0.5");
  CHECK(NumberText("-0") == "-0");
  CHECK(NumberText("1e-3") == "0.001");
  CHECK(NumberText("1e999999999999") == "1e999999999999");
}

TEST_CASE("IsShortNumber: eleven digits before the point", "[dialects]") {
  CHECK(IsShortNumber("17000000000"));
  CHECK(IsShortNumber("-0.12345678901234567"));
  CHECK(!IsShortNumber("411111111111"));
  CHECK(!IsShortNumber("4e11"));
}

}  // namespace
}  // namespace countersign::dialects
