#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/text/unicode/normalize.h"

// Character properties from ICU, as this library needs them.
namespace countersign::text::unicode {

// `cluster` in `form`, except for runs of white space. A cluster is normalised as a unit: a
// character with the marks that follow it. REQUIRES: `cluster` is UTF-8.
std::string FoldCluster(Form form, absl::string_view cluster);

// Whether `code_point` never combines with the preceding character.
bool StartsCluster(std::uint32_t code_point);

// Whether `code_point` is a mark in every form (unlike ͅ , which folds to ι).
bool IsPlainMark(std::uint32_t code_point);

// Whether `form` removes plain marks after `code_point`.
bool ShedsMarks(Form form, std::uint32_t code_point);

// `text` with its first letter in upper case, or with all of them; a letter whose upper-case form
// is several characters stays. REQUIRES: `text` is UTF-8.
std::string ToUpper(absl::string_view text, bool all_letters);

// The property White_Space.
bool IsSpace(std::uint32_t code_point);

}  // namespace countersign::text::unicode
