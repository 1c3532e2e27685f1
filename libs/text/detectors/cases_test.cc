#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/text/detectors/detectors.h"

namespace countersign::text {
namespace {

constexpr unsigned kSeed = 20260101;

// `{h32}` is 32 random characters of class h, `{U}` a UUID.
const std::map<char, std::string>& Classes() {
  static const std::string digits = "0123456789";
  static const std::string lower = "abcdefghijklmnopqrstuvwxyz";
  static const std::string upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  static const auto* const classes = new std::map<char, std::string>{
      {'d', "123456789"},
      {'h', "0123456789abcdef"},
      {'H', "0123456789ABCDEF"},
      {'l', digits + lower},
      {'u', digits + upper},
      {'a', digits + lower + upper},
      {'w', digits + lower + upper + "_-"},
      {'b', digits + lower + upper + "+/"},
      {'z', lower + upper},
      {'s', upper + "234567"},
      {'e', "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"},
      {'B', "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"},
  };
  return *classes;
}

std::string Random(char kind, std::size_t size, std::mt19937& random) {
  const std::string& characters = Classes().at(kind);
  std::uniform_int_distribution<std::size_t> pick(0, characters.size() - 1);
  std::string text;
  while (text.size() < size) text += characters[pick(random)];
  // What ends in a letter and a digit is neither all letters nor all digits.
  if (size > 8 && kind != 'd' && kind != 'z' && kind != 'e') text.replace(size - 4, 4, "b2d7");
  if (size > 8 && (kind == 's' || kind == 'u' || kind == 'H')) text.replace(size - 4, 4, "B2D7");
  return text;
}

std::string Filled(absl::string_view pattern, std::mt19937& random) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const std::size_t close = pattern.find('}', at);
    std::size_t size = 0;
    if (pattern[at] != '{' || close == absl::string_view::npos) {
      text += pattern[at];
    } else if (pattern.substr(at, close - at) == "{U") {
      for (const std::size_t part : {8, 4, 4, 4, 12}) {
        absl::StrAppend(&text, part == 8 ? "" : "-", Random('h', part, random));
      }
      at = close;
    } else if (close - at > 2 && Classes().contains(pattern[at + 1]) &&
               absl::SimpleAtoi(pattern.substr(at + 2, close - at - 2), &size)) {
      text += Random(pattern[at + 1], size, random);
      at = close;
    } else {
      text += pattern[at];
    }
  }
  return text;
}

// A case without its marks, and where they stood.
struct Case {
  std::string text;
  std::size_t begin, end;
};

Case Parsed(std::string text) {
  const std::size_t begin = text.find("[[");
  if (begin == std::string::npos) return {absl::StrCat("a: ", text, ", b"), 3, 3 + text.size()};
  const std::size_t inner = text[begin + 2] == '[' ? begin + 1 : begin;  // `[[[` begins with a [
  text.erase(inner, 2);
  const std::size_t end = text.find("]]");
  text.erase(end, 2);
  return {text, inner, end};
}

std::shared_ptr<const RuleSet> RulesOf(const std::vector<const Detector*>& detectors) {
  std::vector<RedactionRule> rules;
  for (const Detector* detector : detectors) rules.push_back(RuleOf(*detector));
  const auto compiled = RuleSet::Compile(std::move(rules));
  INFO(compiled.status());
  REQUIRE(compiled.ok());
  return *compiled;
}

TEST_CASE("detectors: what each must find is found, whole and as its entity", "[detectors]") {
  std::mt19937 random(kSeed);
  for (const Detector& detector : AllDetectors()) {
    const auto rules = RulesOf({&detector});
    CHECK_FALSE(detector.found.empty());
    for (const std::string& found : detector.found) {
      const Case expected = Parsed(Filled(found, random));
      INFO(detector.entity << " " << detector.pattern.substr(0, 200) << "\n" << expected.text);
      const auto redacted = RedactWhole(rules, expected.text);
      REQUIRE(redacted.ok());
      CHECK(redacted->spans.size() == 1);
      if (redacted->spans.size() != 1) continue;
      CHECK(redacted->spans[0].input_begin == expected.begin);
      CHECK(redacted->spans[0].input_end == expected.end);
      CHECK(redacted->spans[0].entity == detector.entity);
    }
  }
}

TEST_CASE("detectors: what each must leave alone stays", "[detectors]") {
  std::mt19937 random(kSeed);
  for (const Detector& detector : AllDetectors()) {
    const auto rules = RulesOf({&detector});
    CHECK_FALSE(detector.missed.empty());
    for (const std::string& missed : detector.missed) {
      const std::string text = Filled(missed, random);
      INFO(detector.entity << " " << detector.pattern.substr(0, 200));
      const auto redacted = RedactWhole(rules, text);
      REQUIRE(redacted.ok());
      CHECK(redacted->text == text);
    }
  }
}

TEST_CASE("detectors: each names its source and has a well-formed entity", "[detectors]") {
  for (const Detector& detector : AllDetectors()) {
    INFO(detector.entity);
    CHECK_FALSE(detector.source.empty());
    CHECK(detector.check.name.empty() == (detector.check.passes == nullptr));
    CHECK(std::all_of(detector.entity.begin(), detector.entity.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) || c == '_' || c == '.';
    }));
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
  const auto rules = RulesOf(Tier1Detectors());
  INFO(rules->states());
  CHECK(rules->states() < 50'000);
}

}  // namespace
}  // namespace countersign::text
