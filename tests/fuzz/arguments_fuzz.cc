// The arguments of a tool call: the result does not depend on cuts, and JSON stays JSON. Input:
// cut, arguments.

#include "libs/json/document.h"
#include "services/masking/text_masker.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

std::shared_ptr<const text::redaction::RuleSet> Rules() {
  static const auto* const rules = [] {
    std::vector<text::redaction::RedactionRule> made(3);
    made[0].regex = text::regex::ParseRegex("SECRET").value();
    made[1].regex = text::regex::ParseRegex("[0-9]{4}").value();
    made[2].regex = text::regex::ParseRegex("k[0-9a-f]+").value();
    for (text::redaction::RedactionRule& rule : made) rule.replacement = "<\"\\>";
    return new std::shared_ptr<const text::redaction::RuleSet>(
        text::redaction::RuleSet::Compile(std::move(made)).value());
  }();
  return *rules;
}

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const absl::string_view text = input.Rest();

  domain::FieldRelease whole;
  masking::TextMasker at_once(Rules(), masking::TextMasker::Form::kDocument);
  const bool whole_ok = at_once.Feed(text, true, whole).ok();

  domain::FieldRelease parts;
  masking::TextMasker in_pieces(Rules(), masking::TextMasker::Form::kDocument);
  bool parts_ok = true;
  for (const absl::string_view piece : Cut(text, cut)) {
    parts_ok = parts_ok && in_pieces.Feed(piece, false, parts).ok();
  }
  parts_ok = parts_ok && in_pieces.Feed("", true, parts).ok();
  if (!whole_ok || !parts_ok) return;
  Require(whole.text == parts.text, "pieces differ from the whole", parts.text);

  if (!json::Document::Parse(text).ok()) return;
  // Masking may make two keys equal, which a strict parser refuses; no other error is acceptable.
  const auto masked = json::Document::Parse(whole.text);
  Require(masked.ok() || masked.status().message().find("duplicate") != absl::string_view::npos,
          "JSON does not stay JSON", whole.text);
  if (whole.masked.empty()) Require(whole.text == text, "untouched arguments changed", whole.text);
}

}  // namespace countersign::fuzz
