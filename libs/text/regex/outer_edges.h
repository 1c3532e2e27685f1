#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::text::regex {

// A pattern without the `\b` at its two ends, which the caller then checks.
struct OuterEdges {
  std::string pattern;
  bool before = false;  // a match begins at the edge of a word
  bool after = false;   // … and ends at one
};

// Takes `\b` off the ends of a pattern that has characters beyond ASCII. The engines' `\b` knows
// words of ASCII alone: beside a letter of another script it would never hold, or hold within a
// word. Any other pattern is given back as it is. REQUIRES: CheckRegex(pattern) is OK.
OuterEdges TakeOuterEdges(absl::string_view pattern);

}  // namespace countersign::text::regex
