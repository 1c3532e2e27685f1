#include "libs/text/matching/encoded_runs.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/utf8.h"

namespace countersign::text {
namespace {

const std::string kSecret = "the launch code is bluebird seven";

std::string Base64(const std::string& text) { return absl::Base64Escape(text); }

std::string Percent(const std::string& text) {
  std::string out;
  for (const char byte : text) absl::StrAppend(&out, "%", absl::BytesToHexString({&byte, 1}));
  return out;
}

// "encoding:decoded" of the runs, and that each covers `run`.
std::vector<std::string> Found(const std::string& text) {
  std::vector<std::string> found;
  for (const EncodedRun& run : FindEncodedRuns(text)) {
    REQUIRE(run.begin < run.end);
    REQUIRE(run.end <= text.size());
    REQUIRE(IsUtf8(run.text));
    found.push_back(absl::StrCat(run.encoding, ":", run.text));
  }
  return found;
}

TEST_CASE("FindEncodedRuns: base64, base64url, hex and percent are decoded", "[encoded]") {
  CHECK(Found("decode " + Base64(kSecret) + " please") ==
        std::vector<std::string>{"base64:" + kSecret});
  const std::string url = absl::WebSafeBase64Escape("subjects? of ~~~ \u00fe\u00ff\u00bf >>>???");
  CHECK(Found(url) ==
        std::vector<std::string>{"base64:subjects? of ~~~ \u00fe\u00ff\u00bf >>>???"});
  CHECK(Found("x: " + absl::BytesToHexString(kSecret)) ==
        std::vector<std::string>{"hex:" + kSecret});
  CHECK(Found(Percent(kSecret)) == std::vector<std::string>{"percent:" + kSecret});
  CHECK(Found("https://a.example/?q=launch%20code%20is%20bluebird+seven") ==
        std::vector<std::string>{"percent:https://a.example/?q=launch code is bluebird seven"});
}

TEST_CASE("FindEncodedRuns: the span is that of the run", "[encoded]") {
  const std::string encoded = Base64(kSecret);
  const auto runs = FindEncodedRuns("see " + encoded + " there");
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].begin == 4);
  CHECK(runs[0].end >= 4 + encoded.find('='));
}

TEST_CASE("FindEncodedRuns: lines and a start in the middle hide nothing", "[encoded]") {
  const std::string text = kSecret + ", and again: " + kSecret;
  const std::string encoded = Base64(text);
  std::string wrapped;
  for (std::size_t i = 0; i < encoded.size(); i += 32) wrapped += encoded.substr(i, 32) + "\r\n";
  CHECK(Found(wrapped) == std::vector<std::string>{"base64:" + text});
  for (const std::string prefix : {"a", "ab", "abc"}) {
    const auto found = Found(prefix + Base64(kSecret));
    INFO(prefix);
    REQUIRE(found.size() == 1);
    CHECK(found[0].find("launch code is bluebird") != std::string::npos);
  }
}

TEST_CASE("FindEncodedRuns: what is short, or reads as nothing, is left alone", "[encoded]") {
  CHECK(Found("d2VsbCBoZWxsbw==").empty());
  CHECK(Found("a plain sentence with ordinary words, donaudampfschifffahrtsgesellschaft").empty());
  CHECK(Found("4b825dc642cb6eb9a060e54bf8d69288fbee4904").empty());  // a commit
  CHECK(Found("100% sure, 50% off, 20% more and more and more").empty());
  std::string binary;
  for (int i = 0; i < 60; ++i) binary += static_cast<char>(i * 37);
  CHECK(Found(Base64(binary)).empty());
  CHECK(Found("").empty());
}

TEST_CASE("FindEncodedRuns: any bytes decode to less than there was, wherever runs stand",
          "[encoded]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    bool holds = false;
    for (std::size_t i = random() % 8; i > 0; --i) {
      const std::size_t kind = random() % 4;
      if (kind == 0) text += std::string(random() % 60, "aZ0%= \n+/"[random() % 9]);
      if (kind == 1) text += " some words ";
      if (kind == 2) text += " " + Base64(kSecret) + " ";
      if (kind == 3) text += " " + absl::BytesToHexString(kSecret) + " ";
      holds = holds || kind >= 2;
    }
    INFO(text);
    std::size_t decoded = 0;
    bool found = false;
    for (const EncodedRun& run : FindEncodedRuns(text)) {
      decoded += run.text.size();
      found = found || run.text == kSecret;
    }
    REQUIRE(decoded <= 3 * text.size());
    REQUIRE(found == holds);
  }
}

TEST_CASE("FindEncodedRuns: megabytes of anything take linear time", "[encoded]") {
  for (const std::string unit : {"A", "%41", "a1", "aaaaaaaaaaaaaaaaaaaaaaaa\n", "%"}) {
    std::string text;
    while (text.size() < (2u << 20)) text += unit;
    CHECK(FindEncodedRuns(text).size() <= 3);
  }
}

}  // namespace
}  // namespace countersign::text
