#pragma once

#include <string>

#include "absl/strings/string_view.h"

// Payment identifiers, and the patterns that are made of the data which their validators use.
// validators.h has the contract.
namespace countersign::text::validators {

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

// A pattern for the accounts of every country of the IBAN registry, by country and length, so that
// text is held back no further than an account could reach.
std::string IbanPattern();

// A pattern for card numbers of `shortest` to `longest` digits with `separator`, itself a pattern,
// between any two. It begins with two digits that some brand has: other numbers are not held back.
std::string CardPattern(absl::string_view separator, unsigned shortest, unsigned longest);

}  // namespace countersign::text::validators
