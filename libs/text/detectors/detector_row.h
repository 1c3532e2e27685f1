#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "libs/text/regex/byte_set.h"

// The form in which the rules of rules/*.yaml are compiled in. Generated sources alone make rows;
// detectors.cc turns them into Detectors.
namespace countersign::text::detectors {

struct WordsRow {
  enum class Kind { kNone, kNear, kAssignedTo, kBeside } kind = Kind::kNone;
  absl::string_view words;  // one a line
};

struct DetectorRow {
  absl::string_view name;
  absl::string_view entity;
  absl::string_view source;
  absl::string_view pattern;
  absl::string_view computed_pattern;  // of computed_patterns.h, in place of `pattern`
  regex::ByteSet left_forbidden;
  regex::ByteSet right_forbidden;
  absl::string_view validator;  // of validators.h; empty for none
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
