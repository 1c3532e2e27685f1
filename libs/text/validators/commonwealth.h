#pragma once

#include "absl/strings/string_view.h"

// Identifiers of Australia, Canada, India, Ireland, New Zealand, Singapore, South Africa and the
// United Kingdom. validators.h has the contract.
namespace countersign::text::validators {

bool IsNhsNumber(absl::string_view match);
// HMRC NIM39110: the prefixes that are never issued.
bool IsNino(absl::string_view match);
bool IsUtr(absl::string_view match);
bool IsSin(absl::string_view match);
bool IsTfn(absl::string_view match);
bool IsAbn(absl::string_view match);
bool IsAcn(absl::string_view match);
bool IsMedicare(absl::string_view match);
bool IsAadhaar(absl::string_view match);
bool IsPan(absl::string_view match);
bool IsGstin(absl::string_view match);
bool IsNric(absl::string_view match);
// Checks date of birth, citizenship and Luhn's digit.
bool IsSouthAfricanId(absl::string_view match);
bool IsStrictSouthAfricanId(absl::string_view match);
bool IsPps(absl::string_view match);
bool IsIrd(absl::string_view match);
bool IsNinoOfAnySuffix(absl::string_view match);

}  // namespace countersign::text::validators
