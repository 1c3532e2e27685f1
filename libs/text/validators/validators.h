#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// Validators: what a shape alone cannot decide, such as a check digit, a date or a range that was
// issued. Rules of detectors and of masking profiles name them.
//
// Every validator takes a match with its separators, is pure and thread-safe, and returns for any
// text whatever its length: a rule may combine any validator with any pattern.
namespace countersign::text::validators {

struct NamedValidator {
  absl::string_view name;
  bool (*accepts)(absl::string_view match);
};

// All of them, by name in ascending order.
absl::Span<const NamedValidator> AllValidators();

// Null for an unknown name.
const NamedValidator* FindValidator(absl::string_view name);

}  // namespace countersign::text::validators
