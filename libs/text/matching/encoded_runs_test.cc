#include "libs/text/matching/encoded_runs.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/utf8.h"

namespace countersign::text::matching {
namespace {

const std::string kSecret = "the launch code is bluebird seven";

std::string Base64(const std::string& text) { return absl::Base64Escape(text); }

std::string Percent(const std::string& text) {
  std::string out;
  for (const char byte : text) absl::StrAppend(&out, "%", absl::BytesToHexString({&byte, 1}));
  return out;
}

// The runs as "encoding:decoded"; checks that each one covers `run`.
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

TEST_CASE("FindEncodedRuns: the span covers the run", "[encoded]") {
  const std::string encoded = Base64(kSecret);
  const auto runs = FindEncodedRuns("see " + encoded + " there");
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].begin == 4);
  CHECK(runs[0].end >= 4 + encoded.find('='));
}

TEST_CASE("FindEncodedRuns: line breaks and a start within a unit hide nothing", "[encoded]") {
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

// kSecret in hex, with `before` and `after` around each byte.
std::string Apart(const std::string& before, const std::string& after) {
  std::string out;
  for (const char byte : kSecret) {
    absl::StrAppend(&out, before, absl::BytesToHexString({&byte, 1}), after);
  }
  return out;
}

TEST_CASE("FindEncodedRuns: hex bytes may be written apart", "[encoded]") {
  const std::vector<std::string> expected = {"hex:" + kSecret};
  CHECK(Found("dump: " + Apart("", " ") + "!") == expected);
  CHECK(Found(Apart("", ":")) == expected);
  CHECK(Found(Apart("", "-")) == expected);
  CHECK(Found("{" + Apart("0x", ", ") + "}") == expected);
  CHECK(Found("printf '" + Apart("\\x", "") + "'") == expected);
  CHECK(Found(absl::AsciiStrToUpper(Apart("", " "))) == expected);
  // In lines, and in groups of two bytes.
  std::string lines;
  for (std::size_t i = 0; i < kSecret.size() / 2 * 2; i += 2) {
    absl::StrAppend(&lines, absl::BytesToHexString(kSecret.substr(i, 2)),
                    i % 16 == 14 ? "\n" : " ");
  }
  CHECK(Found(lines) ==
        std::vector<std::string>{"hex:" + kSecret.substr(0, kSecret.size() / 2 * 2)});
  CHECK(Found("0x" + absl::BytesToHexString(kSecret)) == expected);
}

TEST_CASE("FindEncodedRuns: numbers, addresses and fingerprints are not hex text", "[encoded]") {
  CHECK(Found("45 67 23 89 34 56 71 65 48 52 63 77 41 58 66 70 62 59 40 33 72 75").empty());
  CHECK(Found("00:1A:2B:3C:4D:5E, 00:1A:2B:3C:4D:5F").empty());
  CHECK(Found("9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15:A3:BF:4F:1B").empty());
  CHECK(Found("2024-05-17 10:42:07.125, 2024-05-18 11:43:08.126, 2024-05-19").empty());
  CHECK(Found("be a dad, add a bed, a cab, a fad ... dead, deaf, faded; a decade").empty());
}

TEST_CASE("FindEncodedRuns: base64 in lines of 76 characters, indented or not", "[encoded]") {
  const std::string text = kSecret + ", and again: " + kSecret + ", and once more: " + kSecret;
  const std::string encoded = Base64(text);
  REQUIRE(encoded.size() > 76);
  for (const std::string indent : {"", "    ", "\t"}) {
    std::string wrapped = "mail:\n";
    for (std::size_t i = 0; i < encoded.size(); i += 76) {
      wrapped += indent + encoded.substr(i, 76) + "\n";
    }
    CHECK(Found(wrapped) == std::vector<std::string>{"base64:" + text});
  }
}

TEST_CASE("FindEncodedRuns: neither preceding characters nor UTF-16 hide a text", "[encoded]") {
  const auto holds = [](const std::string& text) {
    const auto found = Found(text);
    return std::any_of(found.begin(), found.end(), [](const std::string& run) {
      return run.find("launch code is bluebird") != std::string::npos;
    });
  };
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string noise;
    for (std::size_t i = 0; i < size; ++i) noise += static_cast<char>(random());
    INFO("after " << size << " bytes");
    CHECK(holds(Base64(noise + kSecret + noise)));
    CHECK(holds(absl::BytesToHexString(noise + kSecret + noise)));
    CHECK(holds(std::string(size, 'A') + Base64(kSecret)));
  }
  std::string wide;
  for (const char byte : kSecret) wide += {byte, '\0'};
  CHECK(Found("powershell -enc " + Base64(wide)) == std::vector<std::string>{"base64:" + kSecret});
}

TEST_CASE("FindEncodedRuns: short and unreadable runs are ignored", "[encoded]") {
  CHECK(Found("d2VsbCBoZWxsbw==").empty());
  CHECK(Found("a plain sentence with ordinary words, donaudampfschifffahrtsgesellschaft").empty());
  CHECK(Found("4b825dc642cb6eb9a060e54bf8d69288fbee4904").empty());  // a commit
  CHECK(Found("100% sure, 50% off, 20% more and more and more").empty());
  std::string binary;
  for (int i = 0; i < 60; ++i) binary += static_cast<char>(i * 37);
  CHECK(Found(Base64(binary)).empty());
  CHECK(Found("").empty());
}

TEST_CASE("FindEncodedRuns: decoded texts are bounded by the input, for random texts",
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

TEST_CASE("FindEncodedRuns: megabytes of any input take linear time", "[encoded]") {
  for (const std::string unit : {"A", "%41", "a1", "aaaaaaaaaaaaaaaaaaaaaaaa\n", "%"}) {
    std::string text;
    while (text.size() < (2u << 20)) text += unit;
    CHECK(FindEncodedRuns(text).size() <= 3);
  }
}

}  // namespace
}  // namespace countersign::text::matching
