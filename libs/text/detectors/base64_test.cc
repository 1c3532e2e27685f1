// Pictures in texts: a detector that is on by default must not damage them.

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/text/testing/default_rules.h"

namespace countersign::text::detectors {
namespace {

// The matches of the default rules in `megabytes` of random base64. Seeded, so that a match is one
// in every run.
std::map<std::string, int> CountMatches(std::size_t megabytes, bool url_safe) {
  std::mt19937_64 random(20261130);
  std::map<std::string, int> matches;
  for (std::size_t i = 0; i < megabytes; ++i) {
    std::string bytes;
    while (bytes.size() < 768u << 10) {
      const std::uint64_t word = random();
      bytes.append(reinterpret_cast<const char*>(&word), sizeof(word));
    }
    testing::Fed fed;
    fed.Feed(
        absl::StrCat("![a picture](data:image/png;base64,",
                     url_safe ? absl::WebSafeBase64Escape(bytes) : absl::Base64Escape(bytes), ")"),
        true);
    for (const redaction::RedactedSpan& span : fed.spans) ++matches[std::string(span.entity)];
  }
  return matches;
}

// scripts/measure-detectors --base64 measures hundreds of megabytes.
TEST_CASE("Detectors: random base64 has no default match", "[detectors]") {
  CHECK(CountMatches(16, false).empty());
  CHECK(CountMatches(8, true).empty());
}

TEST_CASE("Detectors: secrets whose form is in base64 are found beside other text", "[detectors]") {
  const std::string yandex = "YCNr7Kd2vPq9XtLw3ZbHs5Jf8Gm1Rc6Ty4Ve0UaQx";
  const std::string yandex_key = yandex.substr(0, 40);
  const std::string facebook =
      absl::StrCat("EAAC", std::string("Zb9x2Kq7Vt1Lw8Rn4Hs6Jf3Gm5Pc0Ty").append(70, 'k'));
  for (const std::string& secret : {yandex_key, facebook}) {
    for (const std::string& text : {secret, "key=" + secret + "&x=1", "(" + secret + ")",
                                    "\"" + secret + "\"", "is " + secret + "."}) {
      CAPTURE(text);
      CHECK(testing::Fed().Feed(text, true).spans.size() == 1);
    }
    CHECK(testing::Fed().Feed("a+" + secret + "/b", true).spans.empty());
  }
}

}  // namespace
}  // namespace countersign::text::detectors
