#pragma once

#include "absl/strings/string_view.h"

// Values that only their context makes an identifier. validators.h has the contract.
namespace countersign::text::validators {

bool HasManyDigits(absl::string_view match);
bool IsPlate(absl::string_view match);
// Not a keyword, a type or a placeholder where a value would stand.
bool IsLoginValue(absl::string_view match);
// No word of a sentence either.
bool IsMarkedLoginValue(absl::string_view match);

}  // namespace countersign::text::validators
