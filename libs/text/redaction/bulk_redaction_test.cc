#include "libs/text/redaction/bulk_redaction.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/text/detectors/detectors.h"
#include "libs/text/redaction/redaction_program.h"
#include "libs/text/redaction/scan_automaton.h"
#include "libs/text/testing/random_patterns.h"

namespace countersign::text::redaction {
namespace {

std::shared_ptr<const RuleSet> Everything() {
  static const auto rules = [] {
    std::vector<RedactionRule> all;
    const std::vector<const detectors::Detector*> detectors =
        detectors::FindDetectors("all").value();
    for (const detectors::Detector* detector : detectors)
      all.push_back(detectors::ToRule(*detector));
    return RuleSet::Compile(std::move(all)).value();
  }();
  return rules;
}

Redacted Streamed(const std::shared_ptr<const RuleSet>& rules, absl::string_view text,
                  std::size_t piece) {
  RedactionStream stream(rules);
  Redacted redacted;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    REQUIRE(stream.Feed(text.substr(0, piece), false, &redacted.text, &redacted.spans).ok());
  }
  REQUIRE(stream.Feed("", true, &redacted.text, &redacted.spans).ok());
  JoinContinued(redacted.spans);
  return redacted;
}

Redacted InBulk(const std::shared_ptr<const RuleSet>& rules, absl::string_view text) {
  const ScanRules& scanned = rules->bulk().rules();
  ScanAutomaton automaton(scanned);
  Redacted redacted;
  REQUIRE(RedactBulk(rules->program(), scanned, automaton, text, &redacted.text, &redacted.spans));
  return redacted;
}

void CheckSame(const Redacted& a, const Redacted& b) {
  CHECK(a.text == b.text);
  REQUIRE(a.spans.size() == b.spans.size());
  for (std::size_t i = 0; i < a.spans.size(); ++i) {
    CHECK(a.spans[i].entity == b.spans[i].entity);
    CHECK(a.spans[i].begin == b.spans[i].begin);
    CHECK(a.spans[i].end == b.spans[i].end);
    CHECK(a.spans[i].input_begin == b.spans[i].input_begin);
    CHECK(a.spans[i].input_end == b.spans[i].input_end);
    CHECK(a.spans[i].original == b.spans[i].original);
  }
}

// Words, numbers, parts of entities and whole entities, plain and disguised.
std::string Mixture(testing::Random& random, std::size_t pieces) {
  static const std::vector<std::string> kPieces = {
      "4111 1111 1111 1111",
      "4111111111111111",
      "\uFF14111-1111-1111-1111",
      "536-90-4399",
      "GB29 NWBK 6016 1331 9268 19",
      "de89370400440532013000",
      "jane.doe@example.co.uk",
      "jo\u200Bhn@x.io",
      "+1 415 555 2671",
      "(415) 555-2671",
      "192.168.14.27",
      "2001:db8::8a2e:370:7334",
      "00:1A:2b:3c:4d:5e",
      "https://user:p4ss@host/x",
      absl::StrCat("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0In0.", "c2lnbmF0dXJl"),
      absl::StrCat("-----BEGIN EC PRIVATE", " KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"),
      absl::StrCat("AKIA", "ABCDEFGHIJKLMNOP"),
      absl::StrCat("ghp_", "abcdefghijklmnopqrstuvwxyz0123456789"),
      absl::StrCat("npm_", "abcdefghijklmnopqrstuvwxyz0123456789"),
      "0123456789abcdef0123456789abcdef",
      "routing number: 021000021",
      "password = hunter2hunter2",
      "api_key: \"Zx81kQ0aPp3LmN7vRt5w\"",
      "phone",
      "account",
      "token",
      "iban",
      "key",
      "the",
      "of",
      "12",
      "1",
      "a",
      "@",
      ":",
      "=",
      ".",
      "-",
      "\n",
      "\u4E2D\u6587",
      "caf\u00E9",
      "\xFF",
      "\xE2\x80",
  };
  std::string text;
  while (pieces-- > 0) {
    const std::string& piece = kPieces[testing::Below(random, kPieces.size())];
    text +=
        testing::Below(random, 8) == 0 ? piece.substr(testing::Below(random, piece.size())) : piece;
    if (testing::Below(random, 3) != 0) text += ' ';
  }
  return text;
}

TEST_CASE("Bulk: all detectors give the same result in bulk as in a stream", "[bulk]") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    testing::Random random(seed);
    INFO("seed " << seed);
    const std::string text = Mixture(random, 200);
    CheckSame(InBulk(Everything(), text), Streamed(Everything(), text, 1 + seed % 40));
  }
}

TEST_CASE("Bulk: a large text fed at once equals one fed in pieces", "[bulk]") {
  testing::Random random(7);
  std::string text;
  while (text.size() < 16 * 1024) text += Mixture(random, 100);
  RedactionStream stream(Everything());
  Redacted at_once;
  at_once.text = "before ";  // spans are relative to the start of the string
  REQUIRE(stream.Feed(text, true, &at_once.text, &at_once.spans).ok());
  CHECK(stream.held() == 0);
  Redacted expected = Streamed(Everything(), text, 1000);
  expected.text = "before " + expected.text;
  for (RedactedSpan& span : expected.spans) {
    span.begin += 7;
    span.end += 7;
  }
  CheckSame(at_once, expected);
}

TEST_CASE("Bulk: matches across the lanes of a scan", "[bulk]") {
  const std::string pem = absl::StrCat("-----BEGIN PRIVATE", " KEY-----\n");
  testing::Random random(11);
  for (const std::string& begin : {pem, std::string("jane.doe@"), std::string("call me at ")}) {
    INFO(begin);
    // A block without an end, a name and a phrase directly before each lane, and within each.
    std::string text(8192, ' ');
    for (std::size_t at = 2048 - begin.size() / 2; at + 64 < text.size(); at += 2048) {
      text.replace(at, begin.size(), begin);
      text.replace(at + begin.size(), 22, "example.com 4155552671");
    }
    CheckSame(InBulk(Everything(), text), Streamed(Everything(), text, 100));
  }
}

TEST_CASE("BulkScanner: a text that the automaton gives up on is redacted by a stream", "[bulk]") {
  testing::Random random(3);
  const std::string text = Mixture(random, 2000);
  const RedactionProgram& program = Everything()->program();
  const ScanRules& scanned = Everything()->bulk().rules();
  ScanAutomaton automaton(
      scanned,
      {.most_states = 2 * 16 * (ScanAutomaton::kLanes + 1), .block = 16, .bytes_per_state = 1000});
  Redacted redacted;
  CHECK_FALSE(RedactBulk(program, scanned, automaton, text, &redacted.text, &redacted.spans));
  CHECK(redacted.text.empty());
  CHECK(redacted.spans.empty());
  // The automaton is usable again for a text that it knows.
  const std::string easy(4096, 'x');
  CHECK(RedactBulk(program, scanned, automaton, easy, &redacted.text, &redacted.spans));
  CHECK(redacted.text == easy);
}

TEST_CASE("BulkScanner: threads beyond the number of automata get the same result", "[bulk]") {
  testing::Random random(5);
  const std::string text = Mixture(random, 500);
  const Redacted expected = Streamed(Everything(), text, 64);
  std::vector<Redacted> found(16);
  std::vector<std::thread> threads;
  for (Redacted& redacted : found) {
    threads.emplace_back([&] { redacted = RedactWhole(Everything(), text).value(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Redacted& redacted : found) CheckSame(redacted, expected);
}

TEST_CASE("BulkScanner: a word can be one rule's match and another's context", "[bulk]") {
  RedactionRule number;
  number.entity = "number";
  number.regex = regex::ParseRegex("[0-9]{6}").value();
  number.context.words = {"pin"};
  number.replacement = "<NUMBER>";
  RedactionRule word;
  word.entity = "word";
  word.regex = regex::ParseRegex("(?i)pin").value();
  word.replacement = "<WORD>";
  for (const auto& rules :
       {RuleSet::Compile({number, word}).value(), RuleSet::Compile({word, number}).value()}) {
    CHECK(InBulk(rules, "PIN 123456, spin 123456").text == "<WORD> <NUMBER>, s<WORD> <NUMBER>");
  }
}

}  // namespace
}  // namespace countersign::text::redaction
