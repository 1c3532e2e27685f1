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

// The same for a pattern that may have been stored before such edges were refused: it keeps the
// meaning that it had. `\b` at the ends of the whole pattern are left to the caller, and all others
// are the engines' edges of ASCII words. INVALID_ARGUMENT as CheckRegex.
absl::StatusOr<std::vector<EdgedPattern>> ResolveStoredWordEdges(absl::string_view pattern);

// Whether a pattern has edges that only ResolveStoredWordEdges accepts: INVALID_ARGUMENT says why.
// OK for a pattern that neither of them accepts.
absl::Status CheckWordEdges(absl::string_view pattern);

}  // namespace countersign::text::regex
