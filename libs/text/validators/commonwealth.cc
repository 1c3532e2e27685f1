#include "libs/text/validators/commonwealth.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {

bool IsNhsNumber(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 10 || AllEqual(digits)) return false;
  const int check = 11 - WeightedSum(digits, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return check != 10 && check % 11 == digits[9] - '0';
}

bool IsNino(absl::string_view match) {
  const std::string number = KeepAlnumUpper(match);
  if (number.size() != 9) return false;
  const absl::string_view prefix = absl::string_view(number).substr(0, 2);
  for (const absl::string_view unused : {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}) {
    if (prefix == unused) return false;
  }
  return !absl::StrContains("DFIQUV", prefix.substr(0, 1)) &&
         !absl::StrContains("DFIOQUV", prefix.substr(1, 1));
}

bool IsUtr(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 10) return false;
  const int sum = WeightedSum(absl::string_view(digits).substr(1), {6, 7, 8, 9, 10, 5, 4, 3, 2});
  return "21987654321"[sum % 11] == digits[0];
}

bool IsSin(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() == 9 && digits[0] != '0' && digits[0] != '8' && PassesLuhn(digits);
}

bool IsTfn(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() == 8) return WeightedSum(digits, {10, 7, 8, 4, 6, 3, 5, 1}) % 11 == 0;
  return digits.size() == 9 && !AllEqual(digits) &&
         WeightedSum(digits, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0;
}

bool IsAbn(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 11 || digits[0] == '0') return false;
  return (WeightedSum(digits, {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19}) - 10) % 89 == 0;
}

bool IsAcn(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 9 || AllEqual(digits)) return false;
  const int sum = WeightedSum(digits, {8, 7, 6, 5, 4, 3, 2, 1});
  return (10 - sum % 10) % 10 == digits[8] - '0';
}

bool IsMedicare(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return (digits.size() == 10 || digits.size() == 11) && digits[0] >= '2' && digits[0] <= '6' &&
         WeightedSum(digits, {1, 3, 7, 9, 1, 3, 7, 9}) % 10 == digits[8] - '0';
}

bool IsAadhaar(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() == 12 && digits[0] >= '2' &&
         digits != std::string(digits.rbegin(), digits.rend()) && PassesVerhoeff(digits);
}

bool IsPan(absl::string_view match) { return match.size() == 10 && match.substr(5, 4) != "0000"; }

bool IsGstin(absl::string_view match) {
  constexpr absl::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (match.size() != 15) return false;
  const int state = NumberAt(match, 0, 2);
  if (state < 1 || (state > 38 && state != 97 && state != 99)) return false;
  std::size_t sum = 0;  // Luhn's scheme in base 36
  for (std::size_t i = 0; i < match.size(); ++i) {
    const std::size_t value = kAlphabet.find(match[i]) * (i % 2 == 1 ? 2 : 1);
    sum += value / 36 + value % 36;
  }
  return sum % 36 == 0;
}

bool IsNric(absl::string_view match) {
  if (!HasShape(match, "A0000000A")) return false;
  const int sum = WeightedSum(match.substr(1), {2, 7, 6, 5, 4, 3, 2});
  const char series = match[0];
  const int offset = series == 'T' || series == 'G' ? 4 : series == 'M' ? 3 : 0;
  const auto rest = static_cast<std::size_t>((sum + offset) % 11);
  const bool citizen = series == 'S' || series == 'T';
  if (series == 'M') return "KLJNPQRTUWX"[10 - rest] == match[8];
  return (citizen ? "JZIHGFEDCBA" : "XWUTRQPNMLK")[rest] == match[8];
}

bool IsSouthAfricanId(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() == 13 && digits[10] <= '2' &&
         IsShortDate(NumberAt(digits, 0, 2), NumberAt(digits, 2, 2), NumberAt(digits, 4, 2)) &&
         PassesLuhn(digits);
}

bool IsStrictSouthAfricanId(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return IsSouthAfricanId(digits) && digits[10] <= '1' && digits[11] >= '8';
}

bool IsPps(absl::string_view match) {
  const std::string number = KeepAlnumUpper(match);
  if (!HasShape(number, "0000000A") && !HasShape(number, "0000000AA")) return false;
  int sum = WeightedSum(number, {8, 7, 6, 5, 4, 3, 2});
  if (number.size() == 9 && number[8] != 'W') sum += 9 * (number[8] - 'A' + 1);
  return "WABCDEFGHIJKLMNOPQRSTUV"[sum % 23] == number[7];
}

bool IsIrd(absl::string_view match) {
  std::string digits = KeepDigits(match);
  if (digits.size() != 8 && digits.size() != 9) return false;
  const int number = NumberAt(digits, 0, digits.size());
  if (number < 10'000'000 || number > 150'000'000) return false;
  digits.insert(0, 9 - digits.size(), '0');
  int check = (11 - WeightedSum(digits, {3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11;
  if (check == 10) check = (11 - WeightedSum(digits, {7, 4, 3, 2, 5, 2, 7, 6}) % 11) % 11;
  return check == digits[8] - '0';
}

bool IsNinoOfAnySuffix(absl::string_view match) {
  const bool bare = KeepAlnumUpper(match).size() == 8;
  return IsNino(bare ? absl::StrCat(match, "A") : std::string(match));
}

}  // namespace countersign::text::validators
