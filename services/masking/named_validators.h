#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"

// The validators that a profile's rule may name.
namespace countersign::masking {

// All but `entropy` read letters and digits only and ignore separators. INVALID_ARGUMENT, with the
// known names, for an unknown name:
//   luhn       ISO/IEC 7812-1 check digit, digits only
//   gs1        GS1 mod 10 with weights 3 and 1 (EAN, GTIN, SSCC), digits only
//   verhoeff   Verhoeff (1969), digits only
//   damm       Damm (2004), digits only
//   mod11      weights 2, 3, 4 … from the right of the check digit; X stands for 10 (ISBN-10)
//   mod11_10   ISO/IEC 7064 MOD 11,10, digits only
//   mod97      ISO/IEC 7064 MOD 97-10 over the whole value, letters as 10 to 35
//   iban       ISO 13616: the registry's lengths, and mod 97
//   credit_card  length and range of a card's brand, and luhn
//   entropy    at least 3 bits of entropy per character, letters and digits both
absl::StatusOr<text::redaction::Validator> FindValidator(absl::string_view name);

}  // namespace countersign::masking
