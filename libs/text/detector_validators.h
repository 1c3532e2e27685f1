#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/strings/string_view.h"

// What a detector's shape alone cannot decide. Each takes a match with its separators (anything
// that is neither letter nor digit is skipped), is pure, and never reads past its argument.
namespace countersign::text {

// 12 to 19 digits, in the number range of a card brand with a length that brand issues, and a Luhn
// check digit that fits.
bool IsPaymentCard(absl::string_view match);

// A social security number that could have been issued: no area 000, 666 or 9xx, no group 00, no
// serial 0000, not all digits equal, and not one of the numbers voided by publication.
bool IsSocialSecurityNumber(absl::string_view match);

// An individual taxpayer identification number: 9xx with a group that is handed out.
bool IsTaxpayerNumber(absl::string_view match);

// A country of the IBAN registry, that country's length, and the mod 97 check of ISO 13616.
bool IsIban(absl::string_view match);

// 8 to 15 digits that E.164 could have assigned.
bool IsInternationalPhone(absl::string_view match);

// A North American number: area and exchange begin with 2 to 9 and are no service codes.
bool IsNorthAmericanPhone(absl::string_view match);

// A complete IPv6 address with at least two written groups and a digit (so that `a::b` in program
// text is none).
bool IsIpV6(absl::string_view match);

// Length of an IBAN by upper-case country code, from the registry.
const std::map<std::string, std::size_t>& IbanLengths();

}  // namespace countersign::text
