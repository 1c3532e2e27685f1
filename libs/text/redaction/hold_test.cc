#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libs/text/redaction/redaction.h"
#include "libs/text/testing/hold_oracle.h"
#include "libs/text/testing/random_patterns.h"

namespace countersign::text::redaction {
namespace {

using testing::Below;
using testing::Random;

RedactionRule RuleFor(absl::string_view pattern, regex::ByteSet left = {},
                      regex::ByteSet right = {}) {
  RedactionRule rule;
  rule.entity = std::string(pattern);
  rule.regex = regex::ParseRegex(pattern).value();
  rule.left_forbidden = left;
  rule.right_forbidden = right;
  rule.replacement = "<x>";
  return rule;
}

// Feeds `text` in random pieces and compares the held bytes after each with the definition.
void CheckNoMoreIsHeld(Random& random, const std::vector<RedactionRule>& rules,
                       const std::shared_ptr<const RuleSet>& compiled, const std::string& text) {
  RedactionStream stream(compiled);
  for (const RedactionRule& rule : rules) RC_LOG(rule.entity);
  std::string released;
  std::vector<RedactedSpan> spans;
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.size(), at + 1 + Below(random, 6));
    RC_ASSERT(stream.Feed(text.substr(at, end - at), false, &released, &spans).ok());
    at = end;
    from = testing::oracle::HoldFrom(rules, absl::string_view(text).substr(0, at), from);
    RC_LOG("'" + text.substr(0, at) + "' held " + std::to_string(stream.held()));
    RC_ASSERT(stream.held() <= at - from);
  }
}

std::vector<RedactionRule> RandomRules(Random& random) {
  static const std::vector<regex::ByteSet> kGuards = {
      {}, regex::ByteSet::Of("a"), regex::ByteSet::Of(" c")};
  std::vector<RedactionRule> rules;
  while (rules.size() < 3) {
    const std::string pattern = testing::RandomPattern(random, 3);
    const auto regex = regex::ParseRegex(pattern);
    if (!regex.ok() || regex->min_width == 0 || testing::oracle::HasWordEdge(regex->root)) continue;
    RedactionRule rule = RuleFor("a", kGuards[Below(random, 3)], kGuards[Below(random, 3)]);
    rule.regex = *regex;
    rule.entity = pattern;
    if (regex->max_width != regex::kUnbounded && Below(random, 2) == 0) {
      rule.validator = [](absl::string_view match) { return match.size() % 2 == 0; };
    }
    if (Below(random, 3) == 0) rule.context.words = {"a", "b"};
    rules.push_back(std::move(rule));
  }
  return rules;
}

TEST_CASE("RedactionStream: holds only what a continuation could match, for random rules",
          "[redaction]") {
  CHECK(rc::check([](std::uint64_t seed) {
    Random random(seed);
    const std::vector<RedactionRule> rules = RandomRules(random);
    const auto compiled = RuleSet::Compile(rules);
    if (!compiled.ok()) return;  // a pattern that can never match
    for (int round = 0; round < 8; ++round) {
      std::string text;
      while (text.size() < 40) text += "aabc =:"[Below(random, 7)];
      CheckNoMoreIsHeld(random, rules, *compiled, text);
    }
  }));
}

TEST_CASE("RedactionStream: holds only what could become a card, address or key", "[redaction]") {
  const regex::ByteSet word = regex::ByteSet::Word();
  std::vector<RedactionRule> rules = {
      RuleFor(R"(\d(?:[ -]?\d){12,18})", word, word),
      RuleFor(R"([\w.+-]{1,64}@(?:[a-z0-9-]{1,20}\.){1,4}[a-z]{2,10})", word, word),
      RuleFor("(?:AKIA|ASIA)[A-Z2-7]{16}", word, word),
      RuleFor("sk-[A-Za-z0-9_-]{20,60}"),
      RuleFor("PRJ-\\d{4,6}-[A-Z]{2}", word, word),
  };
  rules[0].validator = [](absl::string_view match) { return match.back() % 3 == 0; };
  const auto compiled = RuleSet::Compile(rules);
  REQUIRE(compiled.ok());
  static const std::vector<std::string> kPieces = {"4111 1111 1111 1111",
                                                   "4111111111111111",
                                                   "a.b+c@ex-ample.co.uk",
                                                   "john@x.io",
                                                   "AKIAABCDEFGHIJKLMNOP",
                                                   "PRJ-12345-AB",
                                                   "sk-aB3_aB3_aB3_aB3_aB3_",
                                                   " ",
                                                   "x",
                                                   "1",
                                                   "-",
                                                   ".",
                                                   "@",
                                                   "7",
                                                   "A",
                                                   "sk-",
                                                   "AKIA",
                                                   "PRJ-1",
                                                   "\n",
                                                   "hello "};
  CHECK(rc::check([&](std::uint64_t seed) {
    Random random(seed);
    std::string text;
    while (text.size() < 120) {
      const std::string& piece = kPieces[Below(random, kPieces.size())];
      text += Below(random, 4) == 0 ? piece.substr(0, Below(random, piece.size()) + 1) : piece;
    }
    CheckNoMoreIsHeld(random, rules, *compiled, text);
  }));
}

TEST_CASE("RedactionStream: uses little memory beside held text", "[redaction]") {
  const auto compiled = RuleSet::Compile({RuleFor("<[a-z ]*>")});
  REQUIRE(compiled.ok());
  RedactionStream stream(*compiled);
  std::string released;
  std::vector<RedactedSpan> spans;
  const std::size_t idle = stream.memory_bytes();
  const auto feed = [&](const std::string& piece) {
    REQUIRE(stream.Feed(piece, false, &released, &spans).ok());
    CHECK(stream.memory_bytes() < idle + stream.held() + 1600);
  };
  feed("<");
  while (stream.held() < 40'000) feed("never closed ");
  feed(std::string(20'000, 'x'));
  CHECK(stream.held() > 60'000);
  feed("\n");
  CHECK(stream.held() == 0);
  feed(std::string(20'000, '.'));
  CHECK(stream.memory_bytes() < idle + 600);
}

TEST_CASE("HoldFrom: examples", "[redaction]") {
  const std::vector<RedactionRule> rules = {
      RuleFor("ab{1,3}c", regex::ByteSet::Of("a"), regex::ByteSet::Of("b")), RuleFor("b[ab]{2}b")};
  CHECK(testing::oracle::HoldFrom(rules, "xx", 0) == 2);
  CHECK(testing::oracle::HoldFrom(rules, "xxab", 0) == 2);
  CHECK(testing::oracle::HoldFrom(rules, "aab", 0) == 2);   // not after an a
  CHECK(testing::oracle::HoldFrom(rules, "abc", 0) == 0);   // a b may follow
  CHECK(testing::oracle::HoldFrom(rules, "abcx", 0) == 4);  // it did not
  CHECK(testing::oracle::HoldFrom(rules, "baab", 0) ==
        0);  // a match that ends in the start of another
  CHECK(testing::oracle::HoldFrom(rules, "baab", 1) == 3);
}

}  // namespace
}  // namespace countersign::text::redaction
