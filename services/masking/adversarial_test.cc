// Adversarial groups 8, 12 and 20 (tests/README.md) for texts that are documents: a tool call's
// arguments, JSON within JSON, and the cost of a field.

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/masking/field_masker.h"
#include "services/masking/profile_compiler.h"

namespace countersign::masking {
namespace {

constexpr char kArguments[] = "choices/0/tool_calls/0/function/arguments";

const std::shared_ptr<const text::redaction::RuleSet>& Rules() {
  static const auto& rules =
      *new std::shared_ptr<const text::redaction::RuleSet>(CompileEntities({"tier1"}).value());
  return rules;
}

std::string Fed(FieldMasker& masker, const std::string& field, absl::string_view piece,
                bool end = false) {
  const auto releases = masker.Feed({{field, std::string(piece), end}});
  if (!releases.ok()) FAIL(releases.status());
  return releases->front().text;
}

// The masked form of `document`. Fails unless it is the same for every cut and every pair of cuts,
// and is JSON if `document` was.
std::string MaskedHoweverCut(absl::string_view document) {
  CAPTURE(document);
  FieldMasker at_once(Rules());
  const std::string expected = Fed(at_once, kArguments, document, true);
  for (std::size_t a = 0; a <= document.size(); ++a) {
    for (std::size_t b = a; b <= document.size(); ++b) {
      FieldMasker cut(Rules());
      std::string out = Fed(cut, kArguments, document.substr(0, a));
      out += Fed(cut, kArguments, document.substr(a, b - a));
      out += Fed(cut, kArguments, document.substr(b), true);
      if (out != expected) FAIL("cut at " << a << " and " << b << ": " << out);
    }
  }
  FieldMasker bytes(Rules());
  std::string out;
  for (const char& byte : document) out += Fed(bytes, kArguments, absl::string_view(&byte, 1));
  CHECK(out + Fed(bytes, kArguments, "", true) == expected);
  CHECK(json::Document::Parse(document).ok() == json::Document::Parse(expected).ok());
  return expected;
}

TEST_CASE("adversarial 08: escapes in arguments are resolved for matching and keep their spelling",
          "[masking]") {
  CHECK(MaskedHoweverCut(R"({"a":"4111\u0031111 1111\u00201111"})") == R"({"a":"<CREDIT_CARD>"})");
  CHECK(MaskedHoweverCut(R"({"a":"john\u0040x.io\/\ud83d\ude00\u00e9"})") ==
        R"({"a":"<EMAIL>\/\ud83d\ude00\u00e9"})");
  CHECK(MaskedHoweverCut(R"({"a":"\ud835\udfd2111 1111 1111 1111"})") ==
        R"({"a":"<CREDIT_CARD>"})");
  CHECK(MaskedHoweverCut(R"({"a":"\\\\u0034 C:\\new\\u12"})") ==
        R"({"a":"\\\\u0034 C:\\new\\u12"})");
}

TEST_CASE("adversarial 08: what is not displayed separates nothing, and is masked with it",
          "[masking]") {
  const std::vector<std::string> secrets = {
      "4111111111111111", "DE89370400440532013000", "536-90-4399",
      absl::StrCat("ghp_", "0123456789abcdefghijABCDEFGHIJ012345")};
  std::vector<std::string> separators(1, std::string(1, '\0'));
  for (const char* const each :
       {"\x01",   "\x08",   "\x0e",         "\x1b",      "\x1f",   "\x7f",   "\u0080",
        "\u0084", "\u0086", "\u009f",       "\u00ad",    "\u034f", "\u115f", "\u1160",
        "\u200b", "\u2060", "\u3164",       "\uffa0",    "\ufeff", "\ufff9", "\ufffb",
        "\u0336", "\u20e3", "\ufe0f\u20e3", "\U000e0031"}) {
    separators.emplace_back(each);
  }
  for (const std::string& secret : secrets) {
    FieldMasker plain(Rules());
    const std::string expected = Fed(plain, "content", secret, true);
    REQUIRE(!absl::StrContains(expected, secret));
    for (const std::string& separator : separators) {
      for (const std::size_t every : {1, 3, 4}) {
        std::string hidden;
        for (std::size_t at = 0; at < secret.size(); at += every) {
          absl::StrAppend(&hidden, at > 0 ? separator : "", secret.substr(at, every));
        }
        CAPTURE(secret, absl::CEscape(separator), every);
        FieldMasker masker(Rules());
        CHECK(Fed(masker, "content", absl::StrCat("it is ", hidden, "."), true) ==
              absl::StrCat("it is ", expected, "."));
      }
    }
  }
  for (const char* const space : {"\u0085", "\u2028", "\u2029", "\u2800", "\u00a0"}) {
    FieldMasker masker(Rules());
    CHECK(Fed(masker, "content", absl::StrCat("4111", space, "1111", space, "1111", space, "1111"),
              true) == "<CREDIT_CARD>");
  }
}

TEST_CASE("adversarial 12: arguments cut in a key, a number and an escape", "[masking]") {
  CHECK(MaskedHoweverCut(R"({"536-90-4399":1})") == R"({"<US_SSN>":1})");
  CHECK(MaskedHoweverCut(R"({"card_number":4111111111111111,"n":-1.50e3})") ==
        R"({"card_number":"<CREDIT_CARD>","n":-1.50e3})");
  CHECK(MaskedHoweverCut(R"([4111111111111111,1e5,{"k\u0065y":"\t4111\u0031111 11111111"}])") ==
        R"(["<CREDIT_CARD>",1e5,{"k\u0065y":"\t<CREDIT_CARD>"}])");
}

TEST_CASE("adversarial 12: matches do not cross from one value to the next", "[masking]") {
  CHECK(MaskedHoweverCut(R"({"a":"4111 1111","b":"1111 1111"})") ==
        R"({"a":"4111 1111","b":"1111 1111"})");
  CHECK(MaskedHoweverCut(R"(["john","@x.io"])") == R"(["john","@x.io"])");
  CHECK(MaskedHoweverCut(R"({"a":"536-90-4399","b":"0"})") == R"({"a":"<US_SSN>","b":"0"})");
}

TEST_CASE("adversarial 12: JSON in a JSON string, at any depth", "[masking]") {
  std::string inner = R"({"card":4111111111111111,"mail":"john\u0040x.io","n":7})";
  std::string expected = R"({"card":"<CREDIT_CARD>","mail":"<EMAIL>","n":7})";
  for (int depth = 0; depth < 3; ++depth) {
    inner = absl::StrCat("{\"v\":", json::Quote(inner), "}");
    expected = absl::StrCat("{\"v\":", json::Quote(expected), "}");
    CHECK(MaskedHoweverCut(inner) == expected);
  }
}

TEST_CASE("adversarial 12: text that turns out not to be JSON is masked as text", "[masking]") {
  CHECK(MaskedHoweverCut(R"({"a":"4111111111111111)") == R"({"a":"<CREDIT_CARD>)");
  CHECK(MaskedHoweverCut(R"({"a":1}} john@x.io)") == R"({"a":1}} <EMAIL>)");
  CHECK(MaskedHoweverCut("{a: 4111 1111 1111 1111}") == "{a: <CREDIT_CARD>}");
}

TEST_CASE("adversarial 20: ten thousand fields in turn, each with little memory beside its text",
          "[masking]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::vector<std::pair<std::string, std::string>> texts = {
      {"choices/0/content", "Some words, as models write them, with 4111 1111 1111 1111 in them."},
      {"choices/0/content", R"(A text that spells \u0034111 1111 and quotes {"n": 12}.)"},
      {kArguments, R"({"query":"weather in Oslo \u2014 now","card":4111111111111111,"n":[1,2,3]})"},
  };
  constexpr std::size_t kStreams = 10'000;
  constexpr std::size_t kState = 2048;
  struct One {
    FieldMasker masker{Rules()};
    std::size_t text, at = 0;
  };
  std::vector<One> streams;
  streams.reserve(kStreams);
  for (std::size_t i = 0; i < kStreams; ++i) streams.push_back({.text = random() % texts.size()});
  std::size_t largest = 0;
  for (std::size_t open = kStreams; open > 0;) {
    for (One& one : streams) {
      const auto& [field, text] = texts[one.text];
      if (one.at >= text.size()) continue;
      const std::string piece = text.substr(one.at, 1 + random() % 40);
      one.at += piece.size();
      const bool end = one.at == text.size();
      const auto releases = one.masker.Feed({{field, piece, end}});
      if (!releases.ok()) FAIL(releases.status());
      const std::size_t held = releases->front().held_after;
      largest = std::max(largest, one.masker.memory_bytes() - held);
      open -= end ? 1 : 0;
    }
  }
  CHECK(largest <= kState);
}

}  // namespace
}  // namespace countersign::masking
