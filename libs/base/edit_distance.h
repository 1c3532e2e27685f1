#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign {

// How many characters (bytes) have to be put in, left out or replaced to make `b` of `a`
// (Levenshtein). Thread-safe.
std::size_t EditDistance(absl::string_view a, absl::string_view b);

// The one of `names` that `written` was probably meant to be: at most a third of it differs,
// or two characters, of short names one; case does not count. "" when none is so near; of several
// the first.
std::string ProbablyMeant(absl::string_view written, const std::vector<std::string>& names);

}  // namespace countersign
