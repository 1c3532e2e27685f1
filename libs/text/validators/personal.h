#pragma once

#include "absl/strings/string_view.h"

// Values that are identifiers only in a context. validators.h has the contract.
namespace countersign::text::validators {

bool HasManyDigits(absl::string_view match);
bool IsPlate(absl::string_view match);
// Not a keyword, type or placeholder in the position of a value.
bool IsLoginValue(absl::string_view match);
// Also not a word of a sentence.
bool IsMarkedLoginValue(absl::string_view match);

}  // namespace countersign::text::validators
