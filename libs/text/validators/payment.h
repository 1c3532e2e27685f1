#pragma once

#include <string>

#include "absl/strings/string_view.h"

// Payment identifiers, and patterns built from the data of their validators. validators.h has the
// contract.
namespace countersign::text::validators {

// 12 to 19 digits in a number range and length of a card brand, with a valid Luhn digit, and
// grouped like a card: one run, digit by digit, or groups of four or more.
bool IsPaymentCard(absl::string_view match);

// A country in the IBAN registry, its length, digits where it has digits only, and the mod 97 check
// of ISO 13616.
bool IsIban(absl::string_view match);

// A Federal Reserve prefix and the 3-7-1 check digit.
bool IsRoutingNumber(absl::string_view match);

// A business identifier code (ISO 9362) of an existing country.
bool IsBankIdentifier(absl::string_view match);

// A pattern for the accounts of every country in the IBAN registry, by country and length, so that
// no more text is held than an account could have.
std::string IbanPattern();

// A pattern for card numbers of `shortest` to `longest` digits with `separator`, itself a pattern,
// between any two. The first two digits are those of a brand, so that other numbers are not held.
std::string CardPattern(absl::string_view separator, unsigned shortest, unsigned longest);

}  // namespace countersign::text::validators
