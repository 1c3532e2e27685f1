#include "tests/bench/hold_reference.h"

#include <utility>

#include "absl/strings/match.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/testing/hold_oracle.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::bench {
namespace {

text::redaction::RedactionRule RuleFor(const std::string& entity, const std::string& pattern,
                                       bool guarded,
                                       text::redaction::Validator validator = nullptr) {
  text::redaction::RedactionRule rule;
  rule.entity = entity;
  rule.regex = text::regex::ParseRegex(pattern).value();
  if (guarded) rule.left_forbidden = rule.right_forbidden = text::regex::ByteSet::Word();
  rule.validator = std::move(validator);
  rule.replacement = "[" + entity + "]";
  return rule;
}

bool IsIssued(absl::string_view match) {
  return !absl::StartsWith(match, "000") && !absl::StartsWith(match, "666");
}

std::vector<text::redaction::RedactionRule> NineRules() {
  return {
      RuleFor("card", R"(\d(?:[ -]?\d){12,18})", true,
              [](absl::string_view match) {
                return text::validators::PassesLuhn(text::validators::KeepDigits(match));
              }),
      RuleFor("ssn", R"(\d{3}[- .]\d{2}[- .]\d{4})", true, IsIssued),
      RuleFor("email", R"([\w.+-]{1,64}@(?:[a-z0-9-]{1,20}\.){1,4}[a-z]{2,10})", true),
      RuleFor("aws", "(?:AKIA|ASIA)[A-Z2-7]{16}", true),
      RuleFor("key", "sk-[A-Za-z0-9_-]{20,60}", false),
      RuleFor("github", "gh[po]_[0-9A-Za-z]{36}", false),
      RuleFor("ip", R"(\d{1,3}(?:\.\d{1,3}){3})", true),
      RuleFor("iban", R"([A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?)", true),
      RuleFor("project", R"(PRJ-\d{4,6}-[A-Z]{2})", true),
  };
}

}  // namespace

HoldComparison CompareHold(const std::string& text, const std::vector<std::size_t>& ends) {
  const std::vector<text::redaction::RedactionRule> rules = NineRules();
  text::redaction::RedactionStream stream(text::redaction::RuleSet::Compile(rules).value());
  HoldComparison result;
  std::string out;
  std::vector<text::redaction::RedactedSpan> spans;
  std::size_t at = 0;
  std::size_t from = 0;
  for (const std::size_t end : ends) {
    out.clear();
    const absl::string_view piece = absl::string_view(text).substr(at, end - at);
    if (!stream.Feed(piece, false, &out, &spans).ok()) break;
    from = text::testing::oracle::HoldFrom(rules, absl::string_view(text).substr(0, end), from);
    result.ours.push_back(stream.held());
    result.definition.push_back(end - from);
    if (stream.held() > end - from) ++result.more;
    at = end;
  }
  return result;
}

}  // namespace countersign::bench
