// Adversarial group 1 (tests/README.md) for the detectors' cases: however a case is cut, the
// released text is the redaction of the whole.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "libs/text/detectors/detectors.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/testing/detector_cases.h"
#include "libs/text/testing/redaction_oracle.h"

namespace countersign::text::detectors {
namespace {

// If set, every pair of cuts is tried for every case, otherwise for a few.
constexpr char kAllCuts[] = "COUNTERSIGN_ALL_CUTS";
constexpr std::size_t kPairedCases = 80;

const std::shared_ptr<const redaction::RuleSet>& AllRules() {
  static const auto& rules = *new std::shared_ptr<const redaction::RuleSet>([] {
    std::vector<redaction::RedactionRule> all;
    for (const Detector& detector : AllDetectors()) all.push_back(ToRule(detector));
    return redaction::RuleSet::Compile(std::move(all)).value();
  }());
  return rules;
}

std::string Whole(absl::string_view text) {
  const auto redacted = redaction::RedactWhole(AllRules(), text);
  REQUIRE(redacted.ok());
  return redacted->text;
}

// A stream and everything that it has released.
struct Fed {
  redaction::RedactionStream stream{AllRules()};
  std::string out;

  Fed& Feed(absl::string_view piece, bool end = false) {
    std::vector<redaction::RedactedSpan> spans;
    if (!stream.Feed(piece, end, &out, &spans).ok()) FAIL("an engine error");
    return *this;
  }
};

TEST_CASE("adversarial 01: every case of every detector, cut once anywhere and byte by byte",
          "[detectors]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const std::string& text : testing::PositiveTexts(random)) {
    CAPTURE(text);
    const std::string expected = Whole(text);
    Fed bytes;
    for (const char& byte : text) bytes.Feed(absl::string_view(&byte, 1)).Feed("");
    if (bytes.Feed("", true).out != expected) FAIL("byte by byte: " << bytes.out);
    for (std::size_t at = 0; at < text.size(); ++at) {
      Fed cut;
      cut.Feed(absl::string_view(text).substr(0, at));
      if (cut.Feed(absl::string_view(text).substr(at), true).out != expected) {
        FAIL("cut at " << at << ": " << cut.out);
      }
    }
  }
}

TEST_CASE("adversarial 01: every pair of cuts of the detectors' cases", "[detectors]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::vector<std::string> texts = testing::PositiveTexts(random);
  if (std::getenv(kAllCuts) == nullptr) {
    std::shuffle(texts.begin(), texts.end(), random);
    texts.resize(kPairedCases);
  }
  for (const absl::string_view text : texts) {
    CAPTURE(text);
    const std::string expected = Whole(text);
    for (std::size_t a = 0; a <= text.size(); ++a) {
      Fed first;
      first.Feed(text.substr(0, a));
      for (std::size_t b = a; b <= text.size(); ++b) {
        Fed second = first;
        second.Feed(text.substr(a, b - a)).Feed(text.substr(b), true);
        if (second.out != expected) FAIL("cut at " << a << " and " << b << ": " << second.out);
      }
    }
  }
}

TEST_CASE("adversarial 07: no pattern holds text without bound", "[detectors]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const Detector& detector : AllDetectors()) {
    const redaction::RedactionRule rule = ToRule(detector);
    if (rule.regex.max_width != regex::kUnbounded) continue;
    const auto rules = redaction::RuleSet::Compile({rule});
    REQUIRE(rules.ok());
    for (const std::string& positive : testing::FindCases(detector).positive) {
      const auto made = testing::ParseCase(testing::FillCase(positive, random));
      for (int i = 0; i < 8; ++i) {
        const std::size_t end =
            i == 0 ? made.end : made.begin + 1 + random() % (made.end - made.begin);
        // Continues with its last character beyond any buffer.
        const std::string more(redaction::RedactionLimits().max_held_bytes, made.text[end - 1]);
        CAPTURE(detector.entity, end, made.text);
        redaction::RedactionStream stream(*rules);
        std::string out;
        std::vector<redaction::RedactedSpan> spans;
        if (!stream.Feed(made.text.substr(0, end), false, &out, &spans).ok() ||
            !stream.Feed(more, false, &out, &spans).ok() ||
            !stream.Feed("", true, &out, &spans).ok()) {
          FAIL("refused");
        }
        if (stream.memory_bytes() > 32 * 1024) FAIL("much is held");
      }
    }
  }
}

TEST_CASE("adversarial 17: masking a masked case again changes nothing", "[detectors]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const std::string& text : testing::PositiveTexts(random)) {
    const std::string once = Whole(text);
    CHECK(once != text);
    CHECK(Whole(once) == once);
  }
}

TEST_CASE("adversarial 01: whole texts equal the definition, for every detector", "[detectors]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const Detector& detector : AllDetectors()) {
    const redaction::RedactionRule rule = ToRule(detector);
    const auto rules = redaction::RuleSet::Compile({rule});
    REQUIRE(rules.ok());
    const testing::DetectorCases& own = testing::FindCases(detector);
    for (const auto* const cases : {&own.positive, &own.negative}) {
      for (const std::string& each : *cases) {
        const std::string text = testing::ParseCase(testing::FillCase(each, random)).text;
        CAPTURE(detector.entity, text);
        CHECK(redaction::RedactWhole(*rules, text)->text ==
              testing::oracle::Whole({rule}, text).text);
      }
    }
  }
}

}  // namespace
}  // namespace countersign::text::detectors
