// A text in pieces gives the same result as the whole text, released text is never taken back, and
// a bulk scan gives the same result again. Input: cut, rules, text.

#include <map>

#include "libs/text/detectors/detectors.h"
#include "libs/text/redaction/bulk_redaction.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/redaction/scan_automaton.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

using Rules = std::shared_ptr<const text::redaction::RuleSet>;

text::redaction::RedactionRule Custom(const std::string& entity, absl::string_view pattern) {
  text::redaction::RedactionRule rule;
  rule.entity = entity;
  rule.regex = text::regex::ParseRegex(pattern).value();
  rule.replacement = "<" + entity + ">";
  return rule;
}

// The default set, and rules that overlap, are unbounded, need context, or wait for a second match.
Rules Choose(std::uint8_t choice) {
  static const Rules* const tier1 = [] {
    const auto detectors = text::detectors::FindDetectors("tier1").value();
    std::vector<text::redaction::RedactionRule> rules;
    for (const text::detectors::Detector* detector : detectors)
      rules.push_back(text::detectors::ToRule(*detector));
    return new Rules(text::redaction::RuleSet::Compile(std::move(rules)).value());
  }();
  static const Rules* const custom = [] {
    std::vector<text::redaction::RedactionRule> rules;
    rules.push_back(Custom("a", "ab+c"));
    rules.push_back(Custom("b", "[b-d]{2,9}e?"));
    rules.push_back(Custom("endless", "k[0-9a-f]+"));
    rules.push_back(Custom("by_proximity", "[0-9]{3}"));
    rules.back().context.words = {"pin"};
    rules.push_back(Custom("second", "zz"));
    rules.back().min_count = 2;
    rules.push_back(Custom("guarded", "PRJ-[0-9]{2,4}"));
    rules.back().left_forbidden = rules.back().right_forbidden = text::regex::ByteSet::Word();
    text::redaction::RedactionLimits limits;
    limits.early_commit_bytes = 16;
    return new Rules(text::redaction::RuleSet::Compile(std::move(rules), limits).value());
  }();
  return choice % 2 == 0 ? *tier1 : *custom;
}

void CheckSame(absl::string_view text, const text::redaction::Redacted& whole,
               const text::redaction::Redacted& parts) {
  Require(whole.text == parts.text, "pieces differ from the whole", parts.text);
  Require(whole.spans.size() == parts.spans.size(), "another number of spans", parts.text);
  for (std::size_t i = 0; i < parts.spans.size(); ++i) {
    const text::redaction::RedactedSpan& a = whole.spans[i];
    const text::redaction::RedactedSpan& b = parts.spans[i];
    Require(a.input_begin == b.input_begin && a.input_end == b.input_end && a.entity == b.entity,
            "other spans", parts.text);
    Require(text.substr(a.input_begin, a.input_end - a.input_begin) == a.original,
            "the original is not what stood there", a.original);
  }
}

// Uses limits so small that even short texts have several lanes and states are discarded.
void CheckScan(const Rules& rules, absl::string_view text, const text::redaction::Redacted& whole) {
  constexpr std::size_t kBlock = 8;
  static std::map<const text::redaction::RuleSet*, text::redaction::ScanAutomaton> automata;
  const text::redaction::ScanRules& scanned = rules->bulk().rules();
  text::redaction::ScanAutomaton::Limits limits;
  limits.block = kBlock;
  limits.most_states = 2 * kBlock * (text::redaction::ScanAutomaton::kLanes + 1);
  limits.bytes_per_state = 0;
  text::redaction::ScanAutomaton& automaton =
      automata.try_emplace(rules.get(), scanned, limits).first->second;
  text::redaction::Redacted found;
  Require(text::redaction::RedactBulk(rules->program(), scanned, automaton, text, &found.text,
                                      &found.spans),
          "the scan gave up", text);
  CheckSame(text, whole, found);
}

void Check(const Rules& rules, absl::string_view text, std::uint8_t cut) {
  const auto whole = text::redaction::RedactWhole(rules, text);
  if (whole.ok()) CheckScan(rules, text, *whole);
  text::redaction::RedactionStream stream(rules);
  text::redaction::Redacted parts;
  for (const absl::string_view piece : Cut(text, cut)) {
    const absl::Status fed = stream.Feed(piece, false, &parts.text, &parts.spans);
    if (!fed.ok()) return;  // the limit on held text was exceeded
    Require(whole.ok(), "a text in pieces leaves, the whole one is refused");
    Require(whole->text.compare(0, parts.text.size(), parts.text) == 0,
            "what left early is no beginning of the whole", parts.text);
  }
  if (!stream.Feed("", true, &parts.text, &parts.spans).ok()) return;
  Require(whole.ok(), "a text in pieces leaves, the whole one is refused");
  text::redaction::JoinContinued(parts.spans);
  CheckSame(text, *whole, parts);
}

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const std::uint8_t rules = input.Byte();
  Check(Choose(rules), input.Rest(), cut);
}

}  // namespace countersign::fuzz
