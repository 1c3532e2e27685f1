#include "libs/dialects/answers/media_values.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::answers {
namespace {

std::string RandomBytes(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes;
  while (bytes.size() < size) bytes += static_cast<char>(random());
  return bytes;
}

const std::string kPng = "\x89PNG\r\n\x1a\n" + RandomBytes(60);

TEST_CASE("IsMediaValue: encoded pictures and sound are media", "[dialects]") {
  CHECK(IsMediaValue(absl::Base64Escape(kPng)));
  CHECK(IsMediaValue(absl::StrCat("data:image/png;base64,", absl::Base64Escape(kPng))));
  CHECK(IsMediaValue(absl::Base64Escape("RIFF....WAVEfmt " + RandomBytes(20))));
  CHECK(IsMediaValue(absl::Base64Escape(RandomBytes(3000))));  // samples without a header
}

TEST_CASE("IsMediaValue: what could be read is text", "[dialects]") {
  std::string digits;
  while (digits.size() < 4096) digits += "4111111111111111";
  for (const std::string& value :
       {std::string("4111111111111111"), digits, std::string(""), std::string("abcd"),
        absl::Base64Escape("card 4111 1111 1111 1111"), absl::Base64Escape(RandomBytes(30)),
        absl::Base64Escape(kPng) + " 4111111111111111", absl::Base64Escape(kPng).substr(1),
        absl::StrCat("data:text/plain;base64,", absl::Base64Escape(kPng)),
        absl::StrCat("data:image/png;card=4111111111111111;base64,", absl::Base64Escape(kPng)),
        std::string("https://example.com/4111111111111111.png")}) {
    CAPTURE(value.substr(0, 80));
    CHECK_FALSE(IsMediaValue(value));
  }
}

}  // namespace
}  // namespace countersign::dialects::answers
