#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::cli::output {

// The lines of both texts in order, each preceded by "-" (only before), "+" (only after) or " ".
// Longest common subsequence; texts beyond 2,000 lines are shown as a whole removal and addition.
std::string LineDiff(absl::string_view before, absl::string_view after);

}  // namespace countersign::cli::output
