#include "libs/text/validators/world.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {

bool IsCpf(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 11 || AllEqual(digits)) return false;
  const int first = WeightedSum(digits, {10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  const int second = WeightedSum(digits, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  return first == digits[9] - '0' && second == digits[10] - '0';
}

bool IsCnpj(absl::string_view match) {
  const std::string number = KeepAlnumUpper(match);
  if (number.size() != 14 || AllEqual(number)) return false;
  for (const std::size_t size : {12, 13}) {
    int sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      sum += (number[i] - '0') * static_cast<int>((size - 1 - i) % 8 + 2);
    }
    const int check = sum % 11 < 2 ? 0 : 11 - sum % 11;
    if (check != number[size] - '0') return false;
  }
  return true;
}

bool IsKoreanNumber(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() == 13 &&
         IsShortDate(NumberAt(digits, 0, 2), NumberAt(digits, 2, 2), NumberAt(digits, 4, 2));
}

bool IsTurkishNumber(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 11 || digits[0] == '0') return false;
  const int tenth = WeightedSum(digits, {7, -1, 7, -1, 7, -1, 7, -1, 7});
  const int sum = WeightedSum(digits, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  return (tenth % 10 + 10) % 10 == digits[9] - '0' && sum % 10 == digits[10] - '0';
}

bool IsThaiNumber(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 13 || digits[0] == '0' || digits[0] == '9') return false;
  const int sum = WeightedSum(digits, {13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2});
  return (11 - sum % 11) % 10 == digits[12] - '0';
}

bool IsChineseNumber(absl::string_view match) {
  const std::string number = KeepAlnumUpper(match);
  return number.size() == 18 &&
         IsDate(NumberAt(number, 6, 4), NumberAt(number, 10, 2), NumberAt(number, 12, 2)) &&
         NumberAt(number, 6, 2) >= 18 && NumberAt(number, 6, 2) <= 20 && PassesMod11_2(number);
}

bool IsCurp(absl::string_view match) {
  constexpr absl::string_view kAlphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ";  // & for Ñ
  if (match.size() != 18) return false;
  if (!IsShortDate(NumberAt(match, 4, 2), NumberAt(match, 6, 2), NumberAt(match, 8, 2)))
    return false;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 17; ++i) sum += kAlphabet.find(match[i]) * (18 - i);
  return static_cast<int>((10 - sum % 10) % 10) == match[17] - '0';
}

bool IsNpi(absl::string_view match) { return PassesLuhn("80840" + std::string(match)); }

bool IsDea(absl::string_view match) {
  if (match.size() != 9) return false;
  const int sum = WeightedSum(match.substr(2), {1, 2, 1, 2, 1, 2});
  return sum % 10 == match[8] - '0';
}

bool IsVin(absl::string_view match) {
  constexpr absl::string_view kLetters = "ABCDEFGHJKLMNPRSTUVWXYZ";
  constexpr absl::string_view kValues = "12345678123457923456789";
  constexpr std::array<int, 17> kWeights = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  if (match.size() != kWeights.size()) return false;
  int sum = 0;
  int letters = 0;
  for (std::size_t i = 0; i < match.size(); ++i) {
    const std::size_t letter =
        kLetters.find(absl::ascii_toupper(static_cast<unsigned char>(match[i])));
    const bool is_letter = letter != absl::string_view::npos;
    if (is_letter) ++letters;
    sum += kWeights[i] * ((is_letter ? kValues[letter] : match[i]) - '0');
  }
  const char check = absl::ascii_toupper(static_cast<unsigned char>(match[8]));
  return letters >= 2 && letters <= 12 && (sum % 11 == 10 ? 'X' : '0' + sum % 11) == check;
}

bool HasLettersAndDigits(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() >= 4 && digits.size() < match.size();
}

bool IsImei(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() == 15 && !AllEqual(digits) && PassesLuhn(digits);
}

bool IsIccid(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return (digits.size() == 19 || digits.size() == 20) && PassesLuhn(digits);
}

}  // namespace countersign::text::validators
