#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/text/detectors/detectors.h"

// The cases of the detectors' rules (rules/*.yaml), as texts. For tests only; link cs_text_testing.
namespace countersign::text::testing {

// The cases of one detector as written, including `[[`, `]]` and `{h32}`.
struct DetectorCases {
  const char* name;   // Detector::name
  const char* place;  // file:line
  std::vector<std::string> positive;
  std::vector<std::string> negative;
};

// In generated sources: one list per file.
std::vector<std::vector<DetectorCases>> CasesByFile();

// REQUIRES: `detector` is one of AllDetectors().
inline const DetectorCases& FindCases(const detectors::Detector& detector) {
  static const auto& cases = *new std::map<std::string, DetectorCases>([] {
    std::map<std::string, DetectorCases> by_name;
    for (const auto& file : CasesByFile()) {
      for (const DetectorCases& each : file) by_name.emplace(each.name, each);
    }
    return by_name;
  }());
  return cases.at(detector.name);
}

// `{h32}` is 32 random characters of class h, `{U}` a UUID.
inline const std::map<char, std::string>& CaseClasses() {
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

inline std::string RandomCharacters(char kind, std::size_t size, std::mt19937& random) {
  const std::string& characters = CaseClasses().at(kind);
  std::uniform_int_distribution<std::size_t> pick(0, characters.size() - 1);
  std::string text;
  while (text.size() < size) text += characters[pick(random)];
  // Ends in a letter and a digit, so that it is neither all letters nor all digits.
  if (size > 8 && kind != 'd' && kind != 'z' && kind != 'e') text.replace(size - 4, 4, "b2d7");
  if (size > 8 && (kind == 's' || kind == 'u' || kind == 'H')) text.replace(size - 4, 4, "B2D7");
  return text;
}

inline std::string FillCase(absl::string_view pattern, std::mt19937& random) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const std::size_t close = pattern.find('}', at);
    std::size_t size = 0;
    if (pattern[at] != '{' || close == absl::string_view::npos) {
      text += pattern[at];
    } else if (pattern.substr(at, close - at) == "{U") {
      for (const std::size_t part : {8, 4, 4, 4, 12}) {
        absl::StrAppend(&text, part == 8 ? "" : "-", RandomCharacters('h', part, random));
      }
      at = close;
    } else if (close - at > 2 && CaseClasses().contains(pattern[at + 1]) &&
               absl::SimpleAtoi(pattern.substr(at + 2, close - at - 2), &size)) {
      text += RandomCharacters(pattern[at + 1], size, random);
      at = close;
    } else {
      text += pattern[at];
    }
  }
  return text;
}

// A case without its marks, and their positions.
struct ParsedCase {
  std::string text;
  std::size_t begin, end;
};

inline ParsedCase ParseCase(std::string text) {
  const std::size_t begin = text.find("[[");
  if (begin == std::string::npos) return {absl::StrCat("a: ", text, ", b"), 3, 3 + text.size()};
  const std::size_t inner = text[begin + 2] == '[' ? begin + 1 : begin;  // `[[[` begins with a [
  text.erase(inner, 2);
  const std::size_t end = text.find("]]");
  text.erase(end, 2);
  return {text, inner, end};
}

// One text per positive case of every detector, filled from `random`.
inline std::vector<std::string> PositiveTexts(std::mt19937& random) {
  std::vector<std::string> texts;
  for (const detectors::Detector& detector : detectors::AllDetectors()) {
    for (const std::string& text : FindCases(detector).positive) {
      texts.push_back(ParseCase(FillCase(text, random)).text);
    }
  }
  return texts;
}

}  // namespace countersign::text::testing
