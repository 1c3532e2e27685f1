#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/text/redaction/redaction.h"

namespace countersign::text::redaction {

// Differences between a term and a text that are ignored. Always: what text_fold.h folds
// (full-width letters, spaces, dashes and digits in disguise, invisible characters), and how long
// white space between two words is, up to 16 characters, and whether a line ends there.
enum class TermFolding {
  kExact,
  kCaseless,  // and case, as simple case folding has it
  // And case; how accents are composed (é, e with U+0301); accents of Latin, Greek and Cyrillic
  // letters that the text leaves out (not those that the term leaves out); ß and ss.
  kUnicode,
};

// A rule that finds any of `terms`; none without terms. A match that begins (ends) with an ASCII
// letter, digit or _ stands only where none of these precedes (follows) it. Thousands of terms cost
// little: they share their beginnings and ends. The rule has its automaton and widths set, and
// nothing else.
// REQUIRES: terms are valid UTF-8. White space around a term does not count; empty terms are
// ignored. INVALID_ARGUMENT when all terms together need more states than a rule set may have.
absl::StatusOr<std::vector<RedactionRule>> TermRules(const std::vector<std::string>& terms,
                                                     TermFolding folding);

}  // namespace countersign::text::redaction
