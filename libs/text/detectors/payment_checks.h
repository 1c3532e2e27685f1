#pragma once

#include "absl/strings/string_view.h"

// Checks of payment identifiers. Each takes a match with its separators, is pure, and never reads
// past its argument.
namespace countersign::text::detectors {

// 12 to 19 digits in the number range of a card brand with a length that brand issues, a Luhn
// check digit that fits, and grouped as cards are: in one run, digit by digit, or by four or more.
bool IsPaymentCard(absl::string_view match);

// A country of the IBAN registry, that country's length, digits where it has only digits, and the
// mod 97 check of ISO 13616.
bool IsIban(absl::string_view match);

// A Federal Reserve prefix and the 3-7-1 check digit.
bool IsRoutingNumber(absl::string_view match);

// A business identifier code (ISO 9362) of a country that exists.
bool IsBankIdentifier(absl::string_view match);

}  // namespace countersign::text::detectors
