#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::text::detectors {

// A pattern that is made of data which its validator needs too, so that the two cannot differ. A
// rule names it by `pattern: {computed: NAME}`.
struct ComputedPattern {
  absl::string_view name;
  std::string (*make)();
};

// Null for an unknown name.
const ComputedPattern* FindComputedPattern(absl::string_view name);

}  // namespace countersign::text::detectors
