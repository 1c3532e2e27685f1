// A text in pieces leaves as the whole text does, and what has left is never taken back; scanned in
// bulk it is the same again.
// Input: cut, rules, text.

#include <map>

#include "libs/text/detectors/detectors.h"
#include "libs/text/redaction/bulk_redaction.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/redaction/scan_automaton.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

using Rules = std::shared_ptr<const text::RuleSet>;

text::RedactionRule Custom(const std::string& entity, absl::string_view pattern) {
  text::RedactionRule rule;
  rule.entity = entity;
  rule.regex = text::ParseRegex(pattern).value();
  rule.replacement = "<" + entity + ">";
  return rule;
}

// The default set; and rules that overlap, have no end, want context, or wait for a second match.
Rules Choose(std::uint8_t choice) {
  static const Rules* const tier1 = [] {
    const auto detectors = text::FindDetectors("tier1").value();
    std::vector<text::RedactionRule> rules;
    for (const text::Detector* detector : detectors) rules.push_back(text::RuleOf(*detector));
    return new Rules(text::RuleSet::Compile(std::move(rules)).value());
  }();
  static const Rules* const custom = [] {
    std::vector<text::RedactionRule> rules;
    rules.push_back(Custom("a", "ab+c"));
    rules.push_back(Custom("b", "[b-d]{2,9}e?"));
    rules.push_back(Custom("endless", "k[0-9a-f]+"));
    rules.push_back(Custom("gated", "[0-9]{3}"));
    rules.back().context.words = {"pin"};
    rules.push_back(Custom("second", "zz"));
    rules.back().min_count = 2;
    rules.push_back(Custom("guarded", "PRJ-[0-9]{2,4}"));
    rules.back().left_forbidden = rules.back().right_forbidden = text::ByteSet::Word();
    text::RedactionLimits limits;
    limits.early_commit_bytes = 16;
    return new Rules(text::RuleSet::Compile(std::move(rules), limits).value());
  }();
  return choice % 2 == 0 ? *tier1 : *custom;
}

void CheckSame(absl::string_view text, const text::Redacted& whole, const text::Redacted& parts) {
  Require(whole.text == parts.text, "pieces differ from the whole", parts.text);
  Require(whole.spans.size() == parts.spans.size(), "another number of spans", parts.text);
  for (std::size_t i = 0; i < parts.spans.size(); ++i) {
    const text::RedactedSpan& a = whole.spans[i];
    const text::RedactedSpan& b = parts.spans[i];
    Require(a.input_begin == b.input_begin && a.input_end == b.input_end && a.entity == b.entity,
            "other spans", parts.text);
    Require(text.substr(a.input_begin, a.input_end - a.input_begin) == a.original,
            "the original is not what stood there", a.original);
  }
}

// With so little room that a text of some dozen bytes has parts, and what was learnt is forgotten.
void CheckScan(const Rules& rules, absl::string_view text, const text::Redacted& whole) {
  constexpr std::size_t kBlock = 8;
  static std::map<const text::RuleSet*, text::ScanAutomaton> automata;
  const text::ScanRules& scanned = rules->bulk().rules();
  text::ScanAutomaton::Limits limits;
  limits.block = kBlock;
  limits.most_states = 2 * kBlock * (text::ScanAutomaton::kLanes + 1);
  limits.bytes_per_state = 0;
  text::ScanAutomaton& automaton = automata.try_emplace(rules.get(), scanned, limits).first->second;
  text::Redacted found;
  Require(text::RedactBulk(rules->program(), scanned, automaton, text, &found.text, &found.spans),
          "the scan gave up", text);
  CheckSame(text, whole, found);
}

void Check(const Rules& rules, absl::string_view text, std::uint8_t cut) {
  const auto whole = text::RedactWhole(rules, text);
  if (whole.ok()) CheckScan(rules, text, *whole);
  text::RedactionStream stream(rules);
  text::Redacted parts;
  for (const absl::string_view piece : Cut(text, cut)) {
    const absl::Status fed = stream.Feed(piece, false, &parts.text, &parts.spans);
    if (!fed.ok()) return;  // more was held than is allowed: nothing more leaves
    Require(whole.ok(), "a text in pieces leaves, the whole one is refused");
    Require(whole->text.compare(0, parts.text.size(), parts.text) == 0,
            "what left early is no beginning of the whole", parts.text);
  }
  if (!stream.Feed("", true, &parts.text, &parts.spans).ok()) return;
  Require(whole.ok(), "a text in pieces leaves, the whole one is refused");
  text::JoinContinued(parts.spans);
  CheckSame(text, *whole, parts);
}

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const std::uint8_t rules = input.Byte();
  Check(Choose(rules), input.Rest(), cut);
}

}  // namespace countersign::fuzz
