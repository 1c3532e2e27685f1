#include "libs/text/validators/europe.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {
namespace {

int CharacterValue(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c)) ? c - '0' : c - 'A' + 10;
}

std::int64_t ToInt64(absl::string_view digits) {
  std::int64_t number = -1;
  return absl::SimpleAtoi(digits, &number) ? number : -1;
}

}  // namespace

// Among the first ten digits exactly one occurs twice or three times, the others at most once.
bool IsGermanTaxId(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 11 || digits[0] == '0') return false;
  std::array<int, 10> counts{};
  for (std::size_t i = 0; i < 10; ++i) ++counts[static_cast<std::size_t>(digits[i] - '0')];
  const auto repeated = std::count_if(counts.begin(), counts.end(), [](int n) { return n > 1; });
  const int most = *std::max_element(counts.begin(), counts.end());
  return repeated == 1 && most <= 3 && PassesMod11_10(digits);
}

bool IsGermanIdCard(absl::string_view match) {
  if (match.size() < 10) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 9; ++i)
    sum += CharacterValue(match[i]) * (i % 3 == 0 ? 7 : i % 3 == 1 ? 3 : 1);
  return sum % 10 == match[9] - '0' && std::any_of(match.begin(), match.begin() + 9, [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

bool IsFrenchNir(absl::string_view match) {
  const std::string number = KeepAlnumUpper(match);
  if (number.size() != 15) return false;
  const int month = NumberAt(number, 3, 2);
  if (!((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50)) return false;
  std::string digits = number.substr(0, 13);
  // Corsica: 2A counts as 19, 2B as 18.
  if (digits[6] == 'A' || digits[6] == 'B') {
    if (digits[5] != '2') return false;
    digits[5] = '1';
    digits[6] = digits[6] == 'A' ? '9' : '8';
  }
  return 97 - ToInt64(digits) % 97 == NumberAt(number, 13, 2);
}

bool IsSpanishNif(absl::string_view match) {
  std::string number = KeepAlnumUpper(match);
  if (number.size() != 9) return false;
  if (number[0] >= 'X') number[0] = static_cast<char>('0' + (number[0] - 'X'));
  const auto rest = static_cast<std::size_t>(NumberAt(number, 0, 8) % 23);
  return "TRWAGMYFPDXBNJZSQVHLCKE"[rest] == number[8];
}

bool IsItalianFiscalCode(absl::string_view match) {
  // Values of characters at odd positions, counted from one.
  constexpr std::array<int, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                        20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  if (!HasShape(match, "****************")) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 15; ++i) {
    const char c = match[i];
    const int value = absl::ascii_isdigit(static_cast<unsigned char>(c)) ? c - '0' : c - 'A';
    sum += i % 2 == 0 ? kOdd[static_cast<std::size_t>(value)] : value;
  }
  return 'A' + sum % 26 == match[15];
}

bool IsItalianVat(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 11 || AllEqual(digits)) return false;
  const int office = NumberAt(digits, 7, 3);
  const bool known = (office >= 1 && office <= 100) || office == 120 || office == 121 ||
                     office == 888 || office == 999;
  return known && PassesLuhn(digits);
}

bool IsPortugueseNif(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 9 || digits[0] == '0') return false;
  const int check = (11 - WeightedSum(digits, {9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11 % 10;
  return check == digits[8] - '0';
}

bool IsPesel(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 11) return false;
  const int month = NumberAt(digits, 2, 2);  // plus 80, 0, 20, 40, 60 for 1800 to 2200
  const int century = month > 80 ? 1800 : 1900 + month / 20 * 100;
  return IsDate(century + NumberAt(digits, 0, 2), month % 20, NumberAt(digits, 4, 2)) &&
         WeightedSum(digits, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1}) % 10 == 0;
}

bool IsBsn(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() == 9 && !AllEqual(digits) &&
         WeightedSum(digits, {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0;
}

bool IsBelgianNumber(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 11) return false;
  const int month = NumberAt(digits, 2, 2) % 20;  // plus 20 or 40 for bis numbers
  if (month > 12 || NumberAt(digits, 4, 2) > 31) return false;
  const std::int64_t number = ToInt64(digits.substr(0, 9));
  const int check = NumberAt(digits, 9, 2);
  return 97 - number % 97 == check || 97 - (2'000'000'000 + number) % 97 == check;
}

bool IsPersonnummer(absl::string_view match) {
  std::string digits = KeepDigits(match);
  if (digits.size() == 12) digits.erase(0, 2);
  if (digits.size() != 10) return false;
  int day = NumberAt(digits, 4, 2);
  if (day > 60) day -= 60;  // coordination numbers
  return IsShortDate(NumberAt(digits, 0, 2), NumberAt(digits, 2, 2), day) && PassesLuhn(digits);
}

bool IsHetu(absl::string_view match) {
  if (match.size() != 11) return false;
  const std::string digits = absl::StrCat(match.substr(0, 6), match.substr(7, 3));
  if (!HasShape(digits, "000000000")) return false;
  const int serial = NumberAt(digits, 6, 3);
  return serial >= 2 &&
         IsShortDate(NumberAt(digits, 4, 2), NumberAt(digits, 2, 2), NumberAt(digits, 0, 2)) &&
         "0123456789ABCDEFHJKLMNPRSTUVWXY"[NumberAt(digits, 0, 9) % 31] == match[10];
}

bool IsCpr(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() == 10 &&
         IsShortDate(NumberAt(digits, 4, 2), NumberAt(digits, 2, 2), NumberAt(digits, 0, 2));
}

bool IsFodselsnummer(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.size() != 11) return false;
  const int day = NumberAt(digits, 0, 2) % 40;  // plus 40 for D numbers
  const int month = NumberAt(digits, 2, 2) % 40;
  return IsShortDate(NumberAt(digits, 4, 2), month, day) &&
         WeightedSum(digits, {3, 7, 6, 1, 8, 9, 4, 5, 2, 1}) % 11 == 0 &&
         WeightedSum(digits, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1}) % 11 == 0;
}

bool IsEan13(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  return digits.size() == 13 &&
         WeightedSum(digits, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}) % 10 == 0;
}

}  // namespace countersign::text::validators
