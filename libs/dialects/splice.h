#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects {

// Replaces bytes [begin, end) of a text by `replacement`.
struct Edit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string replacement;
};

// Applies all edits to `source`; everything outside them is unchanged. The edits may be in any
// order. INTERNAL when one lies outside the source or two overlap.
absl::StatusOr<std::string> Splice(absl::string_view source, std::vector<Edit> edits);

}  // namespace countersign::dialects
