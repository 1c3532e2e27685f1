#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::text::detectors {

// A pattern computed from the data of its validator, so that the two agree. A rule refers to it by
// `pattern: {computed: NAME}`.
struct ComputedPattern {
  absl::string_view name;
  std::string (*make)();
};

// Null for an unknown name.
const ComputedPattern* FindComputedPattern(absl::string_view name);

}  // namespace countersign::text::detectors
