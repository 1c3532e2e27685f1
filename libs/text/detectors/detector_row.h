#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "libs/text/regex/byte_set.h"

// The compiled form of the rules in rules/*.yaml. Rows occur in generated sources only;
// detectors.cc converts them to Detectors.
namespace countersign::text::detectors {

struct WordsRow {
  enum class Kind { kNone, kNear, kAssignedTo, kBeside, kNamed } kind = Kind::kNone;
  absl::string_view words;  // one per line
  bool compared = false;    // of exclusions; see ProximityRule
};

struct DetectorRow {
  absl::string_view name;
  absl::string_view entity;
  absl::string_view source;
  absl::string_view pattern;
  absl::string_view computed_pattern;  // from computed_patterns.h, instead of `pattern`
  regex::ByteSet left_forbidden;
  regex::ByteSet right_forbidden;
  absl::string_view validator;  // from validators.h; empty if none
  int priority = 0;
  WordsRow context;
  bool context_required = false;
  WordsRow exclusion;
  int tier = 1;
  absl::string_view pack;
};

using DetectorTable = absl::Span<const DetectorRow>;

// One table per file, in the order of CMakeLists.txt.
std::vector<DetectorTable> AllTables();

}  // namespace countersign::text::detectors
