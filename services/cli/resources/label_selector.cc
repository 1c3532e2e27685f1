#include "services/cli/resources/label_selector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/command_line/usage.h"

namespace countersign::cli::resources {

absl::StatusOr<LabelSelector> LabelSelector::Parse(const std::string& text) {
  LabelSelector selector;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    part = absl::StripAsciiWhitespace(part);
    Term term;
    const std::size_t equals = part.find('=');
    absl::string_view label = part.substr(0, equals);
    if (equals == absl::string_view::npos) {
      term.any_value = true;
      term.negated = absl::ConsumePrefix(&label, "!");
    } else {
      term.negated = absl::ConsumeSuffix(&label, "!");
      absl::string_view value = part.substr(equals + 1);
      if (!term.negated) absl::ConsumePrefix(&value, "=");  // "==" is "=", as in kubectl
      term.value = std::string(value);
    }
    term.label = std::string(label);
    if (label.empty() || label.find_first_of(" !=") != absl::string_view::npos) {
      return command_line::Misuse(absl::StrCat(
          "\"", part, "\" selects no label: write LABEL=VALUE, LABEL!=VALUE, LABEL or !LABEL"));
    }
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool LabelSelector::Matches(json::Value labels) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    const json::Value value = labels[term.label];
    const bool fits = value.exists() && (term.any_value || value.text() == term.value);
    return fits != term.negated;
  });
}

}  // namespace countersign::cli::resources
