#include "libs/dialects/decoded_view.h"

#include <catch2/catch.hpp>

namespace countersign::dialects {
namespace {

std::string DecodedView(absl::string_view text) {
  const std::vector<std::string> views = DecodedViews(text);
  REQUIRE(views.size() <= 1);
  return views.empty() ? std::string(text) : views.front();
}

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

TEST_CASE("DecodedViews: wide escapes, zeros before a reference's number, and names",
          "[dialects]") {
  CHECK(DecodedView(R"(\U00000034\\U00000031 \U0001f600 \U00110000)") ==
        "41 \xf0\x9f\x98\x80 \\U00110000");
  CHECK(DecodedView("4&#x0000000000031;&#00000000000049&#x31") == "4111");
  CHECK(DecodedView("%u00341") == "41");
  CHECK(DecodedView("4111&nbsp1111&NBSP;&#160;1") ==
        "4111 1111\xc2\xad\xc2\xa0"
        "1");
  CHECK(DecodedView("4&shy1&amp;shy;1") ==
        "4\xc2\xad"
        "1\xc2\xad"
        "1");
  CHECK(DecodedView("john&commat;x&period;io") == "john@x.io");
}

TEST_CASE("DecodedViews: tags end outside of quotes, comments at their mark", "[dialects]") {
  CHECK(DecodedView("4<b title=\"a>b\">1") == "41");
  CHECK(DecodedView("4<b title = 'a>\"b' c>1") == "41");
  CHECK(DecodedView("4<b it's>1") == "41");
  CHECK(DecodedView("4<b title=\"x>1") == "41");
  CHECK(DecodedView("4<!-- a > b -->1<!-->1") == "411");
}

TEST_CASE("DecodedViews: sections of CDATA are read as XML and as HTML", "[dialects]") {
  CHECK(DecodedViews("4<![CDATA[1]]>1") == std::vector<std::string>{"41", "411"});
  CHECK(DecodedViews("4<![CDATA[>]]>1") == std::vector<std::string>{"41", "4>1"});
  CHECK(DecodedViews("plain").empty());
}

TEST_CASE("DecodedView: everything else is copied", "[dialects]") {
  for (const char* text :
       {"", "plain", "100% & more;", R"(C:\dir \ud800 \q \)", "&a-b; &# &#;", "%zz %f0 %"}) {
    CHECK(DecodedView(text) == text);
  }
}

}  // namespace
}  // namespace countersign::dialects
