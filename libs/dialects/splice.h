#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects {

// Bytes [begin, end) of a text give way to `replacement`.
struct Edit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string replacement;
};

// `source` with all edits made; everything outside them stays byte for byte. The edits may come in
// any order. INTERNAL when one lies outside the source or two overlap: what would come out, nobody
// has asked for.
absl::StatusOr<std::string> Splice(absl::string_view source, std::vector<Edit> edits);

}  // namespace countersign::dialects
