#pragma once

#include "absl/strings/string_view.h"

// Network addresses, and credentials in addresses. validators.h has the contract.
namespace countersign::text::validators {

// Four small numbers are usually a version, a section or an object identifier. Addresses of the low
// blocks that are in use are accepted; others need context.
bool IsAddressV4(absl::string_view match);
bool IsAddressRange(absl::string_view match);
bool IsAddressV6(absl::string_view match);
bool IsAnyAddressV6(absl::string_view match);
// Not only pairs of digits, which after a colon are the rest of a fingerprint.
bool IsLongAddressV6(absl::string_view match);
bool HasHexLetter(absl::string_view match);
// Whether there is a password, and not a variable or placeholder in its place.
bool HasCredentials(absl::string_view match);

}  // namespace countersign::text::validators
