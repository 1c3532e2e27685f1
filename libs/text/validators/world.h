#pragma once

#include "absl/strings/string_view.h"

// Identifiers of Brazil, China, Korea, Mexico, Thailand and Turkey, of American health care, and of
// vehicles and devices. validators.h has the contract.
namespace countersign::text::validators {

bool IsCpf(absl::string_view match);
// May have letters since July 2026: a character counts as its ASCII code minus 48.
bool IsCnpj(absl::string_view match);
// The check digit is random in numbers issued since October 2020.
bool IsKoreanNumber(absl::string_view match);
bool IsTurkishNumber(absl::string_view match);
bool IsThaiNumber(absl::string_view match);
bool IsChineseNumber(absl::string_view match);
bool IsCurp(absl::string_view match);
bool IsNpi(absl::string_view match);
bool IsDea(absl::string_view match);
// ISO 3779 with the check digit of 49 CFR 565.
bool IsVin(absl::string_view match);
bool HasLettersAndDigits(absl::string_view match);
bool IsImei(absl::string_view match);
bool IsIccid(absl::string_view match);

}  // namespace countersign::text::validators
