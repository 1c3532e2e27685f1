#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::text::regex {

// A pattern without the `\b` at its two ends, which the caller must check instead.
struct OuterEdges {
  std::string pattern;
  bool before = false;  // a match must begin at the edge of a word
  bool after = false;   // … and end at one
};

// Removes `\b` from the ends of a pattern with characters beyond ASCII. The engines' `\b` knows
// ASCII words only: beside a letter of another script it would never match, or match within a word.
// Any other pattern is unchanged. REQUIRES: CheckRegex(pattern) is OK.
OuterEdges TakeOuterEdges(absl::string_view pattern);

}  // namespace countersign::text::regex
