// Adversarial group 1 (tests/README.md) through dialect and masking: every case of every detector,
// in the deltas of a stream and in the arguments of a tool call, however either is cut.

#include <algorithm>
#include <cstdlib>
#include <random>

#include "libs/text/redaction/redaction.h"
#include "libs/text/testing/detector_cases.h"
#include "tests/integration/masked_stream_testing.h"

namespace countersign::integration {
namespace {

std::string MaskedAlone(absl::string_view text) {
  const auto redacted = text::redaction::RedactWhole(AllEntities(), text);
  REQUIRE(redacted.ok());
  return redacted->text;
}

TEST_CASE("adversarial 01: every detector's cases in the deltas of a stream", "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const std::string& text : text::testing::PositiveTexts(random)) {
    const std::string masked = StreamedHoweverCut(text, kAsContent, random, AllEntities());
    CHECK(masked == MaskedAlone(text));
  }
}

// `text` as a JSON string in which random characters are written as \uXXXX.
std::string Spelled(absl::string_view text, std::mt19937& random) {
  std::string literal = "\"";
  for (const std::string& character : Characters(text)) {
    const std::uint32_t code_point = DecodeUtf8(character, 0).code_point;
    if (code_point < 0x10000 && random() % 2 == 0) {
      absl::StrAppend(&literal, "\\u", absl::Hex(code_point, absl::kZeroPad4));
    } else {
      const std::string quoted = json::Quote(character);
      literal += quoted.substr(1, quoted.size() - 2);
    }
  }
  return literal + "\"";
}

// If set, every case is tried, which takes a minute; otherwise a few.
constexpr char kAllCuts[] = "COUNTERSIGN_ALL_CUTS";
constexpr std::size_t kSomeCases = 200;

TEST_CASE("adversarial 01: every detector's cases as a string in arguments, spelled in any way",
          "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::vector<std::string> texts = text::testing::PositiveTexts(random);
  if (std::getenv(kAllCuts) == nullptr) {
    std::shuffle(texts.begin(), texts.end(), random);
    texts.resize(kSomeCases);
  }
  for (const std::string& text : texts) {
    const std::string arguments = absl::StrCat("{\"v\": ", Spelled(text, random), "}");
    const std::string masked = StreamedHoweverCut(arguments, kAsArguments, random, AllEntities());
    const auto document = json::Document::Parse(masked);
    CAPTURE(arguments, masked);
    REQUIRE(document.ok());
    CHECK(document->root()["v"].text() == MaskedAlone(text));
  }
}

}  // namespace
}  // namespace countersign::integration
