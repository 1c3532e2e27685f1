#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/text/unicode/normalize.h"

// What ICU knows about characters, in the terms of this library.
namespace countersign::text::unicode {

// `cluster` in `form`, without regard to runs of white space. A cluster is what acts together: a
// character with the marks that follow it. REQUIRES: `cluster` is UTF-8.
std::string FoldCluster(Form form, absl::string_view cluster);

// Whether `code_point` never acts together with what precedes it.
bool StartsCluster(std::uint32_t code_point);

// Whether `code_point` is and stays a mark (ͅ , which folds to ι, does not).
bool IsPlainMark(std::uint32_t code_point);

// Whether `form` leaves plain marks out that follow `code_point`.
bool ShedsMarks(Form form, std::uint32_t code_point);

// The property White_Space.
bool IsSpace(std::uint32_t code_point);

}  // namespace countersign::text::unicode
