#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign {

// The Levenshtein distance in bytes: how many insertions, deletions and replacements turn `a` into
// `b`. Thread-safe.
std::size_t EditDistance(absl::string_view a, absl::string_view b);

// The name in `names` that `written` probably means: the closest one within a third of its length
// (one character for short names, otherwise at least two), ignoring case; the first of equally
// close ones. "" when none is close enough.
std::string ProbablyMeant(absl::string_view written, const std::vector<std::string>& names);

}  // namespace countersign
