#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "libs/text/detectors/detectors.h"
#include "libs/text/testing/detector_cases.h"

namespace countersign::text::detectors {
namespace {

using testing::FillCase;
using testing::FindCases;
using testing::ParseCase;
using testing::ParsedCase;

constexpr unsigned kSeed = 20260101;

std::shared_ptr<const redaction::RuleSet> CompileRules(
    const std::vector<const Detector*>& detectors) {
  std::vector<redaction::RedactionRule> rules;
  for (const Detector* detector : detectors) rules.push_back(ToRule(*detector));
  const auto compiled = redaction::RuleSet::Compile(std::move(rules));
  INFO(compiled.status());
  REQUIRE(compiled.ok());
  return *compiled;
}

TEST_CASE("detectors: each one finds its positive cases completely, as its entity", "[detectors]") {
  std::mt19937 random(kSeed);
  for (const Detector& detector : AllDetectors()) {
    const auto rules = CompileRules({&detector});
    for (const std::string& positive : FindCases(detector).positive) {
      const ParsedCase expected = ParseCase(FillCase(positive, random));
      INFO(FindCases(detector).place << " " << detector.name << "\n" << expected.text);
      const auto redacted = redaction::RedactWhole(rules, expected.text);
      REQUIRE(redacted.ok());
      CHECK(redacted->spans.size() == 1);
      if (redacted->spans.size() != 1) continue;
      CHECK(redacted->spans[0].input_begin == expected.begin);
      CHECK(redacted->spans[0].input_end == expected.end);
      CHECK(redacted->spans[0].entity == detector.entity);
    }
  }
}

TEST_CASE("detectors: each one ignores its negative cases", "[detectors]") {
  std::mt19937 random(kSeed);
  for (const Detector& detector : AllDetectors()) {
    const auto rules = CompileRules({&detector});
    for (const std::string& negative : FindCases(detector).negative) {
      const std::string text = FillCase(negative, random);
      INFO(FindCases(detector).place << " " << detector.name);
      const auto redacted = redaction::RedactWhole(rules, text);
      REQUIRE(redacted.ok());
      CHECK(redacted->text == text);
    }
  }
}

TEST_CASE("detectors: at least 220 shapes of vendors' secrets", "[detectors]") {
  std::set<std::string> shapes;
  const auto secrets = FindDetectors("secret.*");
  REQUIRE(secrets.ok());
  for (const Detector* detector : *secrets) shapes.insert(detector->entity + detector->pattern);
  CHECK(shapes.size() >= 220);
}

TEST_CASE("detectors: the default set stays small", "[detectors]") {
  const auto rules = CompileRules(Tier1Detectors());
  INFO(rules->states());
  CHECK(rules->states() < 60'000);
}

}  // namespace
}  // namespace countersign::text::detectors
