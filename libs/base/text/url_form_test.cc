#include "libs/base/text/url_form.h"

#include <catch2/catch.hpp>

namespace countersign {

using Members = std::map<std::string, std::string>;

TEST_CASE("EncodeUrlForm: every character arrives", "[base]") {
  CHECK(EncodeUrlForm({}) == "");
  CHECK(EncodeUrlForm({{"a", "b+c/d=="}, {"e_f", "g h&i"}}) == "a=b%2bc%2fd%3d%3d&e_f=g%20h%26i");
  CHECK(EncodeUrlForm({{"a", "\xc3\xa9"}}) == "a=%c3%a9");
  const Members members = {{"a=&", " +%"}, {"b", "\xc3\xa9\n"}};
  CHECK(DecodeUrlForm(EncodeUrlForm({members.begin(), members.end()})).value() == members);
}

TEST_CASE("DecodeUrlForm: members with a value, each once", "[base]") {
  CHECK(DecodeUrlForm("").value().empty());
  CHECK(DecodeUrlForm("a=1&&b=x+y%2B%2b&c=&d").value() == Members{{"a", "1"}, {"b", "x y++"}});
  CHECK_THAT(std::string(DecodeUrlForm("a=1&a=2").status().message()), Catch::Contains("twice"));
  for (const char* bad : {"a=%", "a=%4", "a=%4g", "%zz=1"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(DecodeUrlForm(bad).status()));
  }
}

}  // namespace countersign
