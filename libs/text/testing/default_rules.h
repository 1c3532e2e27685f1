#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/text/detectors/detectors.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/testing/redaction_oracle.h"

// The default rules with one rule of a profile, and all ways to cut a text. For tests only.
namespace countersign::text::testing {

inline redaction::RedactionRule SimpleRule(absl::string_view entity, absl::string_view pattern) {
  redaction::RedactionRule rule;
  rule.entity = std::string(entity);
  rule.regex = regex::ParseRegex(pattern).value();
  rule.replacement = absl::StrCat("<", detectors::ToLabel(entity), ">");
  return rule;
}

inline const std::vector<redaction::RedactionRule>& DefaultRules() {
  static const auto& rules = *new std::vector<redaction::RedactionRule>([] {
    std::vector<redaction::RedactionRule> made;
    for (const detectors::Detector* detector : detectors::Tier1Detectors())
      made.push_back(detectors::ToRule(*detector));
    made.push_back(SimpleRule("project", "PRJ-[0-9]+"));
    return made;
  }());
  return rules;
}

inline std::shared_ptr<const redaction::RuleSet> CompiledRules(
    std::vector<redaction::RedactionRule> rules, redaction::RedactionLimits limits = {}) {
  auto compiled = redaction::RuleSet::Compile(std::move(rules), limits);
  INFO(compiled.status());
  REQUIRE(compiled.ok());
  return *compiled;
}

inline const std::shared_ptr<const redaction::RuleSet>& DefaultSet() {
  static const auto& rules =
      *new std::shared_ptr<const redaction::RuleSet>(CompiledRules(DefaultRules()));
  return rules;
}

// A stream and everything that it has released.
struct Fed {
  explicit Fed(std::shared_ptr<const redaction::RuleSet> rules = DefaultSet())
      : stream(std::move(rules)) {}

  redaction::RedactionStream stream;
  std::string out;
  std::vector<redaction::RedactedSpan> spans;
  std::size_t most_held = 0;
  std::size_t most_memory = 0;  // beside held text

  Fed& Feed(absl::string_view piece, bool end = false) {
    const absl::Status status = stream.Feed(piece, end, &out, &spans);
    if (!status.ok()) FAIL(status);
    most_held = std::max(most_held, stream.held());
    most_memory = std::max(most_memory, stream.memory_bytes());
    return *this;
  }
};

// The masked form of `text`. Fails unless the definition, every cut, every pair of cuts, and single
// bytes with empty pieces between them give the same result.
inline std::string MaskedHoweverCut(absl::string_view text) {
  CAPTURE(text);
  const std::string expected = Fed().Feed(text, true).out;
  CHECK(expected == testing::oracle::Whole(DefaultRules(), text).text);
  Fed bytes;
  for (const char& byte : text) bytes.Feed("").Feed(absl::string_view(&byte, 1));
  if (bytes.Feed("", true).out != expected) FAIL("byte by byte: " << bytes.out);
  for (std::size_t a = 0; a <= text.size(); ++a) {
    Fed first;
    first.Feed(text.substr(0, a));
    for (std::size_t b = a; b <= text.size(); ++b) {
      Fed second = first;
      second.Feed(text.substr(a, b - a)).Feed(text.substr(b), true);
      if (second.out != expected) FAIL("cut at " << a << " and " << b << ": " << second.out);
    }
  }
  return expected;
}

}  // namespace countersign::text::testing
