// An accepted pattern compiles in every engine and matches in pieces as in the whole text. Input:
// the pattern up to a NUL, cut, text.

#include "libs/base/utf8.h"
#include "libs/text/matching/matcher.h"
#include "libs/text/redaction/redaction.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {

void Run(Input input) {
  const absl::string_view pattern = input.Until('\0');
  const std::uint8_t cut = input.Byte();
  const absl::string_view text = input.Rest();
  const auto regex = text::regex::ParseRegex(pattern);
  const absl::Status checked = text::regex::CheckRegex(pattern);
  if (!regex.ok()) return Require(!checked.ok(), "a pattern that does not parse is accepted");
  Require(regex->min_width <= regex->max_width, "widths the wrong way round");
  if (!checked.ok()) return;

  text::redaction::RedactionRule rule;
  rule.entity = "found";
  rule.regex = *regex;
  rule.replacement = "<>";
  const auto rules = text::redaction::RuleSet::Compile({rule});
  Require(rules.ok(), "an accepted pattern does not compile", pattern);
  const auto whole = text::redaction::RedactWhole(*rules, text);
  text::redaction::RedactionStream stream(*rules);
  text::redaction::Redacted parts;
  bool ok = true;
  for (const absl::string_view piece : Cut(text, cut)) {
    ok = ok && stream.Feed(piece, false, &parts.text, &parts.spans).ok();
  }
  ok = ok && stream.Feed("", true, &parts.text, &parts.spans).ok();
  if (ok && whole.ok()) Require(parts.text == whole->text, "pieces differ from the whole", pattern);
}

}  // namespace countersign::fuzz
