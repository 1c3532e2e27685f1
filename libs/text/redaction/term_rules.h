#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::text::redaction {

// The differences between a term and a text that are ignored. Always: those that text_fold.h folds
// (full-width letters, disguised spaces, dashes and digits, invisible characters), and the amount
// and kind of white space between two words, up to 16 characters and including line breaks.
enum class TermFolding {
  kExact,
  kCaseless,  // and case, as simple case folding has it
  // Also case; the composition of accents (é, e with U+0301); accents of Latin, Greek and Cyrillic
  // letters that are missing in the text (not those missing in the term); ß and ss.
  kUnicode,
};

// A rule that finds any of `terms`; none for an empty list. A match that starts (ends) with an
// ASCII letter, digit or _ is not preceded (followed) by one. Thousands of terms cost little,
// because they share prefixes and suffixes. Only the automaton and widths of the rule are set.
// REQUIRES: terms are valid UTF-8. White space around a term is ignored, and so are empty terms.
// INVALID_ARGUMENT when all terms together need more states than a rule set may have.
absl::StatusOr<std::vector<RedactionRule>> TermRules(const std::vector<std::string>& terms,
                                                     TermFolding folding);

}  // namespace countersign::text::redaction
