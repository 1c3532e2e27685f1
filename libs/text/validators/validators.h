#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// Validators check what a pattern cannot: a check digit, a date, an issued range. The rules of
// detectors and masking profiles refer to them by name.
//
// Every validator takes a match with its separators, is pure and thread-safe, and accepts any text
// of any length: a rule may combine any validator with any pattern.
namespace countersign::text::validators {

struct NamedValidator {
  absl::string_view name;
  bool (*accepts)(absl::string_view match);
};

// All validators, sorted by name.
absl::Span<const NamedValidator> AllValidators();

// Null for an unknown name.
const NamedValidator* FindValidator(absl::string_view name);

}  // namespace countersign::text::validators
