#include "libs/text/validators/us.h"

#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {

bool IsSocialSecurityNumber(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 9 || AllEqual(digits)) return false;
  // Invalid since they were printed in wallets, forms and advertisements.
  if (digits == "078051120" || digits == "219099999") return false;
  const int area = NumberAt(digits, 0, 3);
  return area != 0 && area != 666 && area < 900 && NumberAt(digits, 3, 2) != 0 &&
         NumberAt(digits, 5, 4) != 0;
}

bool IsTaxpayerNumber(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 9 || digits[0] != '9') return false;
  const int group = NumberAt(digits, 3, 2);
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) ||
         (group >= 90 && group <= 92) || (group >= 94 && group <= 99);
}

}  // namespace countersign::text::validators
