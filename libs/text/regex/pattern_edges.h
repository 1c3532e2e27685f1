#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::text::regex {

// One alternative of a pattern without the `\b` at its two ends, which the caller must check
// instead.
struct EdgedPattern {
  std::string pattern;
  bool before = false;  // a match must begin at the edge of a word
  bool after = false;   // … and end at one
};

// Patterns that match together what `pattern` does, with word edges of all scripts.
//
// The engines' `\b` knows ASCII words only: beside a letter of another script it would never match,
// or match within a word. So of a pattern with characters beyond ASCII each alternative becomes a
// pattern of its own, `\b` at its ends are left to the caller, and those within are dropped where
// the characters beside them imply them (`пароль\b\s*=`). Other patterns are unchanged.
// INVALID_ARGUMENT, "at byte 7: …", as CheckRegex for each part, and for any other `\b` or `\B`
// beside a character beyond ASCII: it depends on more than the engines see.
absl::StatusOr<std::vector<EdgedPattern>> ResolveWordEdges(absl::string_view pattern);

}  // namespace countersign::text::regex
