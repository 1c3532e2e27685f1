#include "libs/dialects/decoded_view.h"

#include <catch2/catch.hpp>

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
  CHECK(DecodedView(R"(\u{34}\x{31}\u{000031}\\u{1f600})") == "411\xf0\x9f\x98\x80");
  CHECK(DecodedView(R"(\u{} \u{110000} \x{3)") == R"(\u{} \u{110000} \x{3)");
  CHECK(DecodedView("4&shy;1&ZeroWidthSpace;1") ==
        "4\xc2\xad"
        "1\xc2\xad"
        "1");
}

TEST_CASE("DecodedView: everything else is copied", "[dialects]") {
  for (const char* text :
       {"", "plain", "100% & more;", R"(C:\dir \ud800 \q \)", "&a-b; &# &#;", "%zz %f0 %"}) {
    CHECK(DecodedView(text) == text);
  }
}

}  // namespace
}  // namespace countersign::dialects
