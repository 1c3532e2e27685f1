#pragma once

#include "absl/strings/string_view.h"

// Network addresses, and credentials in addresses. validators.h has the contract.
namespace countersign::text::validators {

// With four small numbers a text is more often a version, a section or an object identifier. What
// is in use of the low blocks is let in; the rest needs context.
bool IsAddressV4(absl::string_view match);
bool IsAddressRange(absl::string_view match);
bool IsAddressV6(absl::string_view match);
bool IsAnyAddressV6(absl::string_view match);
// More than pairs of digits: those after a colon are the rest of a fingerprint.
bool IsLongAddressV6(absl::string_view match);
bool HasHexLetter(absl::string_view match);
// Neither a variable nor a mark in the place of a password.
bool HasCredentials(absl::string_view match);

}  // namespace countersign::text::validators
