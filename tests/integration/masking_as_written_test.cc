// Secrets and identifiers where and how people write them: tests/testdata/masking/as_written.jsonl.
// Each line has a text, what must be masked in it and what must stay.

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "libs/json/document.h"
#include "services/masking/profile_compiler.h"
#include "services/masking/text_masker.h"

namespace countersign::integration {
namespace {

constexpr char kFile[] = "tests/testdata/masking/as_written.jsonl";

struct Case {
  std::string name;
  bool document = false;
  std::string input;
  std::vector<std::string> mask;
  std::vector<std::string> keep;
};

std::vector<std::string> Texts(const json::Value& list) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < list.size(); ++i) texts.emplace_back(list.at(i).text());
  return texts;
}

const std::vector<Case>& Cases() {
  static const auto& cases = *new std::vector<Case>([] {
    std::vector<Case> read;
    std::ifstream file(kFile);
    REQUIRE(file.is_open());
    for (std::string line; std::getline(file, line);) {
      const auto document = json::Document::Parse(line);
      INFO(line);
      REQUIRE(document.ok());
      const json::Value root = document->root();
      read.push_back({std::string(root["name"].text()), root["json"].boolean().value_or(false),
                      std::string(root["input"].text()), Texts(root["mask"]), Texts(root["keep"])});
    }
    return read;
  }());
  return cases;
}

const std::shared_ptr<const text::redaction::RuleSet>& Rules() {
  static const auto& rules = *new std::shared_ptr<const text::redaction::RuleSet>(
      masking::CompileEntities({"tier1"}).value());
  return rules;
}

// As a field of an answer, in pieces of `size` bytes.
std::string MaskedField(const Case& each, std::size_t size) {
  using Form = masking::TextMasker::Form;
  masking::TextMasker masker(Rules(), each.document ? Form::kDocument : Form::kText);
  std::string out;
  for (std::size_t at = 0; at <= each.input.size(); at += size) {
    domain::FieldRelease release;
    const bool end = at + size > each.input.size();
    REQUIRE(masker.Feed(absl::string_view(each.input).substr(at, size), end, release).ok());
    out += release.text;
  }
  return out;
}

// As a plain text, in one piece or in pieces of `size` bytes.
std::string MaskedText(absl::string_view input, std::size_t size) {
  text::redaction::RedactionStream stream(Rules());
  std::string out;
  std::vector<text::redaction::RedactedSpan> spans;
  for (std::size_t at = 0; at <= input.size(); at += size) {
    const bool end = at + size > input.size();
    REQUIRE(stream.Feed(input.substr(at, size), end, &out, &spans).ok());
  }
  return out;
}

void CheckMasked(const Case& each, const std::string& masked) {
  INFO(masked);
  for (const std::string& text : each.mask) {
    INFO("leaks " << text);
    CHECK_FALSE(absl::StrContains(masked, text));
  }
  for (const std::string& text : each.keep) {
    INFO("lost " << text);
    CHECK(absl::StrContains(masked, text));
  }
}

constexpr std::size_t kWhole = 1 << 20;

TEST_CASE("as written: each case holds, as a field and as a text", "[masking]") {
  for (const Case& each : Cases()) {
    INFO(each.name << ": " << each.input);
    CheckMasked(each, MaskedField(each, kWhole));
    if (!each.document) CheckMasked(each, MaskedText(each.input, kWhole));
  }
}

TEST_CASE("as written: pieces give what the whole gives", "[masking]") {
  for (const Case& each : Cases()) {
    INFO(each.name << ": " << each.input);
    for (const std::size_t size : {1, 2, 3, 7, 64}) {
      CHECK(MaskedField(each, size) == MaskedField(each, kWhole));
      CHECK(MaskedText(each.input, size) == MaskedText(each.input, kWhole));
    }
  }
}

TEST_CASE("as written: masking twice changes nothing", "[masking]") {
  for (const Case& each : Cases()) {
    INFO(each.name << ": " << each.input);
    const std::string once = MaskedText(each.input, kWhole);
    CHECK(MaskedText(once, kWhole) == once);
  }
}

// Texts of at least 256 bytes take another way through the engine.
TEST_CASE("as written: large texts give the same", "[masking]") {
  const std::string before(300, '.');
  for (const Case& each : Cases()) {
    INFO(each.name << ": " << each.input);
    const std::string text = before + "\n\n" + each.input;
    CHECK(MaskedText(text, kWhole) == MaskedText(text, 100));
  }
}

}  // namespace
}  // namespace countersign::integration
