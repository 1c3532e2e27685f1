#pragma once

#include "absl/strings/string_view.h"

// Network addresses, and credentials in addresses. validators.h has the contract.
namespace countersign::text::validators {

// Four small numbers are usually a version, a section or an object identifier. Addresses of the low
// blocks that are in use are accepted; others need context. No check takes an address that is
// nobody's: loopback, netmasks, 0.0.0.0/8, broadcast, and those of IPv6.
bool IsAddressV4(absl::string_view match);
bool IsAnyAddressV4(absl::string_view match);
bool IsAddressRange(absl::string_view match);
// Of IPv6, with an embedded IPv4 address, a zone and a prefix length if they are there.
bool IsAddressV6(absl::string_view match);
bool IsAnyAddressV6(absl::string_view match);
// Not only pairs of digits, which after a colon are the rest of a fingerprint.
bool IsLongAddressV6(absl::string_view match);
bool HasHexLetter(absl::string_view match);
// Neither the null address nor the one of all stations.
bool IsHardwareAddress(absl::string_view match);
bool IsMixedHardwareAddress(absl::string_view match);  // … with a hexadecimal letter
// Whether there is a password, and not a variable or placeholder in its place.
bool HasCredentials(absl::string_view match);

}  // namespace countersign::text::validators
