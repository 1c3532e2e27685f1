#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "libs/text/redaction/bulk_redaction.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/redaction/redaction_program.h"
#include "libs/text/redaction/scan_automaton.h"
#include "libs/text/testing/random_patterns.h"
#include "libs/text/testing/redaction_oracle.h"

namespace countersign::text::redaction {
namespace {

using Random = testing::Random;
using testing::Below;
using testing::RandomPattern;
using testing::RandomText;

bool EvenLength(absl::string_view match) { return match.size() % 2 == 0; }
bool HasB(absl::string_view match) { return match.find('b') != absl::string_view::npos; }
bool EndsDiffer(absl::string_view match) { return match.front() != match.back(); }

regex::ByteSet RandomGuard(Random& random) {
  switch (Below(random, 5)) {
    case 0: return regex::ByteSet::Word();
    case 1: return regex::ByteSet::Of("a");
    case 2: return regex::ByteSet::Of(" c");
    default: return {};
  }
}

ProximityRule RandomGate(Random& random) {
  static const std::vector<std::string> kWords = {"a", "b", "ab", "c", "a b", "ca", "\u00E9"};
  ProximityRule proximity;
  for (std::size_t left = 1 + Below(random, 2); left > 0; --left) {
    proximity.words.push_back(kWords[Below(random, kWords.size())]);
  }
  proximity.assigned = Below(random, 2) == 0;
  proximity.beside = Below(random, 2) == 0;
  return proximity;
}

// Random characters that fold to those of the patterns, that fold to nothing, and truncated or
// invalid ones.
std::string RandomDisguise(Random& random, std::size_t longest) {
  static const std::vector<std::string> kPieces = {
      "a",        "b",          "c",      " ",      "\u00E9",     "=",      "\uFF41", "\uFF42",
      "\u24D2",   "\U0001D41A", "\u00A0", "\u3000", "\u200B",     "\u200B", "\u00AD", "\uFE0F",
      "\u0301",   "\u0416",     "\u201C", "\u0E01", "\U000E0061", "\u2011", "\u2212", "\u4E2D",
      "\xE2\x80", "\xE2",       "\xC2",   "\xFF",   "\xF0\x9D",   "\x80",   "\n",     ":",
      "ab",       "A",          "B",      "aB",     "is",         "_",      ".",      "7",
  };
  std::string text;
  const std::size_t length = Below(random, longest + 1);
  while (text.size() < length) text += kPieces[Below(random, kPieces.size())];
  return text;
}

// A pattern of letters. Behind a match that holds what separates the items of a list, it is not
// specified whether its list goes on (redaction.h), so rules with a context match letters only.
std::string RandomLetters(Random& random) {
  static const std::vector<std::string> kPatterns = {"[a-c]{1,3}", "ab?", "[bc]+",  "a[bc]{0,2}",
                                                     "(?i:ab)",    "c",   "\u00E9", "(a|bc){1,2}"};
  return kPatterns[Below(random, kPatterns.size())];
}

std::vector<RedactionRule> RandomRules(Random& random) {
  std::vector<RedactionRule> rules;
  const std::size_t count = 1 + Below(random, 4);
  while (rules.size() < count) {
    const bool gated = Below(random, 3) == 0;
    const auto regex = regex::ParseRegex(gated ? RandomLetters(random) : RandomPattern(random, 3));
    if (!regex.ok() || regex->min_width == 0) continue;
    RedactionRule rule;
    rule.regex = *regex;
    rule.entity = "r" + std::to_string(rules.size());
    rule.left_forbidden = RandomGuard(random);
    rule.right_forbidden = RandomGuard(random);
    rule.left_word_edge = Below(random, 4) == 0;
    static const Validator kValidators[] = {nullptr, nullptr, EvenLength, HasB, EndsDiffer};
    if (rule.regex.max_width != regex::kUnbounded) rule.validator = kValidators[Below(random, 5)];
    if (gated) rule.context = RandomGate(random);
    if (Below(random, 6) == 0) rule.exclusion = RandomGate(random);
    if (Below(random, 4) == 0) rule.min_count = 1 + Below(random, 4);
    rule.priority = static_cast<int>(Below(random, 2));
    if (Below(random, 3) == 0) rule.group = "g";
    rule.replacement = "<" + rule.entity + ">";
    if (Below(random, 3) == 0) {
      rule.rewrite = [](absl::string_view original) {
        return "{" + std::string(original.substr(original.size() - 1)) + "}";
      };
      rule.mixed_replacement = "{mixed}";
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

// A stream that collects its spans over all feeds.
struct Streamed {
  Redacted whole;
  std::size_t max_held = 0;
};

Streamed RedactInPieces(const std::shared_ptr<const RuleSet>& rules,
                        const std::vector<std::string>& pieces,
                        const std::vector<GivenMatch>& given = {}) {
  Streamed streamed;
  RedactionStream stream(rules);
  for (const GivenMatch& match : given) stream.Give(match);
  for (std::size_t i = 0; i <= pieces.size(); ++i) {
    std::string released;
    std::vector<RedactedSpan> spans;
    const bool end = i == pieces.size();
    REQUIRE(stream.Feed(end ? "" : pieces[i], end, &released, &spans).ok());
    for (RedactedSpan& span : spans) {
      span.begin += streamed.whole.text.size();
      span.end += streamed.whole.text.size();
      streamed.whole.spans.push_back(std::move(span));
    }
    streamed.whole.text += released;
    streamed.max_held = std::max(streamed.max_held, stream.held());
  }
  JoinContinued(streamed.whole.spans);
  CHECK(stream.held() == 0);
  return streamed;
}

std::vector<std::string> RandomPieces(Random& random, absl::string_view text, std::size_t longest) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const std::size_t size = std::min<std::size_t>(text.size(), Below(random, longest + 1));
    pieces.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

std::string Shown(const Redacted& redacted) {
  std::string shown = redacted.text;
  for (const RedactedSpan& span : redacted.spans) {
    shown += " | " + span.entity + " " + std::to_string(span.begin) + "-" +
             std::to_string(span.end) + " of " + std::to_string(span.input_begin) + "-" +
             std::to_string(span.input_end) + " '" + span.original + "'";
  }
  return shown;
}

TEST_CASE("Redaction: any cut of any text under any rules equals the definition", "[redaction]") {
  CHECK(rc::check([](std::uint64_t seed) {
    Random random(seed);
    std::vector<RedactionRule> rules = RandomRules(random);
    RedactionLimits limits;
    if (Below(random, 2) == 0) limits.early_commit_bytes = Below(random, 6);
    const auto compiled = RuleSet::Compile(rules, limits);
    if (!compiled.ok()) return;  // a pattern that can never match
    for (int round = 0; round < 8; ++round) {
      const std::string text = round % 2 == 0 ? RandomText(random, 24) : RandomDisguise(random, 40);
      const std::string expected = Shown(testing::oracle::Whole(rules, text));
      const std::size_t longest = round == 0 ? 1 : 1 + Below(random, 9);
      const auto pieces = RandomPieces(random, text, longest);
      RC_ASSERT(Shown(RedactInPieces(*compiled, pieces).whole) == expected);
      RC_ASSERT(Shown(RedactInPieces(*compiled, {text}).whole) == expected);
      RC_ASSERT(Shown(*RedactWhole(*compiled, text)) == expected);
    }
  }));
}

// A rule whose matches are given equals a rule whose pattern finds them.
TEST_CASE("Redaction: given matches count like those of patterns, for any cut", "[redaction]") {
  CHECK(rc::check([](std::uint64_t seed) {
    Random random(seed);
    std::vector<RedactionRule> rules = RandomRules(random);
    RedactionRule rule;
    rule.entity = "x";
    rule.replacement = "<x>";
    rule.priority = static_cast<int>(Below(random, 2));
    if (Below(random, 3) == 0) rule.validator = EvenLength;
    if (Below(random, 3) == 0) {
      rule.rewrite = [](absl::string_view original) { return std::to_string(original.size()); };
      rule.mixed_replacement = "{mixed}";
    }
    std::vector<RedactionRule> by_pattern = rules;
    by_pattern.push_back(rule);
    by_pattern.back().regex = *regex::ParseRegex("x{1,40}");
    by_pattern.back().left_forbidden = regex::ByteSet::Of("x");
    by_pattern.back().right_forbidden = regex::ByteSet::Of("x");
    rule.given = true;
    rules.push_back(rule);
    RedactionLimits limits;
    if (Below(random, 2) == 0) limits.early_commit_bytes = Below(random, 6);
    const auto compiled = RuleSet::Compile(rules, limits);
    if (!compiled.ok()) return;
    const std::uint32_t number = *(*compiled)->FindGiven("x");
    for (int round = 0; round < 8; ++round) {
      std::string text;
      std::vector<GivenMatch> given;
      for (std::size_t left = Below(random, 5); left > 0; --left) {
        text += RandomText(random, 6);
        if (!text.empty() && text.back() == 'x') text += ' ';
        const std::size_t begin = text.size();
        for (std::size_t more = 1 + Below(random, 4); more > 0; --more) {
          text += Below(random, 2) == 0 ? "x" : "\uFF58";
        }
        given.push_back({begin, text.size(), number});
        text += ' ';
      }
      text += RandomText(random, 6);
      const std::string expected = Shown(testing::oracle::Whole(by_pattern, text));
      for (const auto& pieces :
           {std::vector<std::string>{text}, RandomPieces(random, text, 1 + Below(random, 9))}) {
        RC_ASSERT(Shown(RedactInPieces(*compiled, pieces, given).whole) == expected);
      }
    }
  }));
}

TEST_CASE("Redaction: a given match covers the characters that it cuts", "[redaction]") {
  RedactionRule rule;
  rule.entity = "x";
  rule.replacement = "<x>";
  rule.given = true;
  const auto compiled = RuleSet::Compile({rule});
  REQUIRE(compiled.ok());
  for (const std::size_t size : {1, 2, 64}) {
    std::vector<std::string> pieces;
    const std::string text = "a \\nAnn \xEF\xBC\xA1 b";
    for (std::size_t at = 0; at < text.size(); at += size) pieces.push_back(text.substr(at, size));
    CHECK(RedactInPieces(*compiled, pieces, {{3, 9, 0}}).whole.text == "a <x> b");
  }
}

// A validator refuses the first start, so another one is looked for backwards: behind a character
// that is in no word, too.
TEST_CASE("Redaction: a word edge beyond ASCII is one for later starts of a match", "[redaction]") {
  RedactionRule rule;
  rule.regex = *regex::ParseRegex("(\\W){1,2}");
  rule.entity = "r";
  rule.replacement = "<r>";
  rule.left_word_edge = true;
  rule.validator = EvenLength;
  const std::string text = GENERATE(as<std::string>(), "\u201C\u00E9b", "\u4E2D\u00E9");
  const std::string expected = Shown(testing::oracle::Whole({rule}, text));
  CHECK_THAT(expected, Catch::Contains("<r>"));
  const auto compiled = RuleSet::Compile({rule});
  CHECK(Shown(*RedactWhole(*compiled, text)) == expected);
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  CHECK(Shown(RedactInPieces(*compiled, bytes).whole) == expected);
}

// A match may begin right behind a position that only a column names.
TEST_CASE("Redaction: in bulk, stretches that touch are all searched", "[redaction]") {
  RedactionRule rule;
  rule.regex = *regex::ParseRegex("\u00E9");
  rule.entity = "r";
  rule.replacement = "<r>";
  rule.context.words = {"b"};
  const std::string text = "b  c\nb\u00E9";
  const auto compiled = RuleSet::Compile({rule});
  const ScanRules& scanned = (*compiled)->bulk().rules();
  ScanAutomaton automaton(scanned);
  Redacted found;
  REQUIRE(RedactBulk((*compiled)->program(), scanned, automaton, text, &found.text, &found.spans));
  CHECK(found.text == "b  c\nb<r>");
  CHECK(Shown(found) == Shown(testing::oracle::Whole({rule}, text)));
}

// Limits so low that even short texts use several lanes and the automaton is often reset.
TEST_CASE("Redaction: in bulk, any text under any rules equals the definition", "[redaction]") {
  CHECK(rc::check([](std::uint64_t seed) {
    Random random(seed);
    const std::vector<RedactionRule> rules = RandomRules(random);
    const auto compiled = RuleSet::Compile(rules);
    if (!compiled.ok()) return;
    const RedactionProgram& program = (*compiled)->program();
    const ScanRules& scanned = (*compiled)->bulk().rules();
    const std::size_t block = 1 + Below(random, 5);
    const std::size_t room = 2 * block * (ScanAutomaton::kLanes + 1);
    ScanAutomaton automaton(scanned, {.most_states = room, .block = block, .bytes_per_state = 0});
    for (int round = 0; round < 12; ++round) {
      const std::string text = round % 2 == 0 ? RandomText(random, 24) : RandomDisguise(random, 40);
      Redacted found;
      RC_ASSERT(RedactBulk(program, scanned, automaton, text, &found.text, &found.spans));
      RC_ASSERT(Shown(found) == Shown(testing::oracle::Whole(rules, text)));
    }
  }));
}

TEST_CASE("Redaction: releases exactly the text that no continuation can change", "[redaction]") {
  const std::vector<std::vector<std::string>> sets = {
      {"ab{1,3}c", "b[ab]{2}b", "ca?c"}, {"a+b", "\\bc"}, {"a\\b.", "bc?", "c{2}"}};
  std::vector<std::string> continuations = {""};
  for (std::size_t i = 0; i < continuations.size() && continuations[i].size() < 5; ++i) {
    for (const char next : {'a', 'b', 'c', '.'}) continuations.push_back(continuations[i] + next);
  }
  CHECK(rc::check([&](std::uint64_t seed) {
    Random random(seed);
    std::vector<RedactionRule> rules;
    for (const std::string& pattern : sets[Below(random, sets.size())]) {
      RedactionRule rule;
      rule.regex = *regex::ParseRegex(pattern);
      rule.entity = pattern;
      rule.replacement = std::string(1, static_cast<char>('0' + rules.size()));
      if (rules.empty()) {
        rule.left_forbidden = regex::ByteSet::Of("a");
        rule.right_forbidden = regex::ByteSet::Of("b");
      }
      rules.push_back(std::move(rule));
    }
    std::string text;
    for (std::size_t left = 1 + Below(random, 6); left > 0; --left) {
      text += "abc."[Below(random, 4)];
    }
    const auto compiled = RuleSet::Compile(rules);
    RC_ASSERT(compiled.ok());
    RedactionStream stream(*compiled);
    std::string released;
    std::vector<RedactedSpan> spans;
    RC_ASSERT(stream.Feed(text, false, &released, &spans).ok());

    std::string common = testing::oracle::Whole(rules, text).text;
    for (const std::string& continuation : continuations) {
      const std::string whole = testing::oracle::Whole(rules, text + continuation).text;
      std::size_t same = 0;
      while (same < common.size() && same < whole.size() && common[same] == whole[same]) ++same;
      common.resize(same);
    }
    RC_LOG(text + " released " + released);
    RC_ASSERT(common.substr(0, released.size()) == released);
    // A replacement may wait for the end of its cluster.
    while (common.size() > released.size() && absl::ascii_isdigit(common.back())) common.pop_back();
    RC_ASSERT(released == common);
  }));
}

}  // namespace
}  // namespace countersign::text::redaction
