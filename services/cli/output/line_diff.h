#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::cli::output {

// The lines of both texts in order, prefixed with "-" (only in `before`), "+" (only in `after`) or
// " ". Longest common subsequence; for texts over 2,000 lines, everything is removed and added.
std::string LineDiff(absl::string_view before, absl::string_view after);

}  // namespace countersign::cli::output
