#include "libs/text/detector_validators.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace countersign::text {
namespace {

std::string DigitsOf(absl::string_view match) {
  std::string digits;
  for (const char c : match) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) digits += c;
  }
  return digits;
}

int NumberAt(absl::string_view digits, std::size_t at, std::size_t size) {
  int number = 0;
  for (const char c : digits.substr(at, size)) number = number * 10 + (c - '0');
  return number;
}

bool AllEqual(absl::string_view digits) {
  return digits.find_first_not_of(digits[0]) == absl::string_view::npos;
}

bool PassesLuhn(absl::string_view digits) {
  int sum = 0;
  bool doubled = false;
  for (std::size_t i = digits.size(); i-- > 0; doubled = !doubled) {
    const int digit = digits[i] - '0';
    sum += doubled ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return sum % 10 == 0;
}

// Card numbers whose first `width` digits lie in [low, high] have one of the lengths in the mask
// (bit n: n digits).
struct Brand {
  std::size_t width;
  int low, high;
  unsigned lengths;
};

constexpr unsigned Lengths(unsigned from, unsigned to) {
  unsigned mask = 0;
  for (unsigned n = from; n <= to; ++n) mask |= 1u << n;
  return mask;
}

constexpr std::array kBrands = {
    Brand{1, 4, 4, Lengths(13, 13) | Lengths(16, 16) | Lengths(18, 19)},  // Visa
    Brand{2, 51, 55, Lengths(16, 16)},                                    // Mastercard
    Brand{4, 2221, 2720, Lengths(16, 16)},                                // Mastercard
    Brand{2, 34, 34, Lengths(15, 15)},                                    // American Express
    Brand{2, 37, 37, Lengths(15, 15)},                                    // American Express
    Brand{4, 6011, 6011, Lengths(16, 19)},                                // Discover
    Brand{3, 644, 649, Lengths(16, 19)},                                  // Discover
    Brand{2, 65, 65, Lengths(16, 19)},                                    // Discover, RuPay
    Brand{3, 300, 305, Lengths(14, 19)},                                  // Diners Club
    Brand{4, 3095, 3095, Lengths(14, 19)},                                // Diners Club
    Brand{2, 36, 36, Lengths(14, 19)},                                    // Diners Club
    Brand{2, 38, 39, Lengths(14, 19)},                                    // Diners Club
    Brand{4, 3528, 3589, Lengths(16, 19)},                                // JCB
    Brand{4, 2131, 2131, Lengths(15, 15)},                                // JCB
    Brand{4, 1800, 1800, Lengths(15, 15)},                                // JCB
    Brand{2, 62, 62, Lengths(16, 19)},                                    // UnionPay
    Brand{2, 81, 82, Lengths(16, 16)},                                    // UnionPay, RuPay
    Brand{2, 60, 60, Lengths(16, 16)},                                    // RuPay
    Brand{3, 508, 508, Lengths(16, 16)},                                  // RuPay
    Brand{2, 50, 50, Lengths(12, 19)},                                    // Maestro
    Brand{2, 56, 58, Lengths(12, 19)},                                    // Maestro
    Brand{2, 63, 63, Lengths(12, 19)},                                    // Maestro
    Brand{2, 67, 67, Lengths(12, 19)},                                    // Maestro
    Brand{4, 2200, 2204, Lengths(16, 19)},                                // Mir
    Brand{4, 9792, 9792, Lengths(16, 16)},                                // Troy
};

}  // namespace

bool IsPaymentCard(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() < 12 || digits.size() > 19 || !PassesLuhn(digits)) return false;
  return std::any_of(kBrands.begin(), kBrands.end(), [&](const Brand& brand) {
    const int prefix = NumberAt(digits, 0, brand.width);
    return prefix >= brand.low && prefix <= brand.high && (brand.lengths >> digits.size() & 1) != 0;
  });
}

bool IsSocialSecurityNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 9 || AllEqual(digits)) return false;
  // Printed in wallets and advertisements, hence void.
  if (digits == "078051120" || digits == "219099999") return false;
  const int area = NumberAt(digits, 0, 3);
  return area != 0 && area != 666 && area < 900 && NumberAt(digits, 3, 2) != 0 &&
         NumberAt(digits, 5, 4) != 0;
}

bool IsTaxpayerNumber(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  if (digits.size() != 9 || digits[0] != '9') return false;
  const int group = NumberAt(digits, 3, 2);
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) ||
         (group >= 90 && group <= 92) || (group >= 94 && group <= 99);
}

bool IsIban(absl::string_view match) {
  std::string account;
  for (const char c : match) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      account += absl::ascii_toupper(static_cast<unsigned char>(c));
    }
  }
  const auto length = IbanLengths().find(account.substr(0, 2));
  if (length == IbanLengths().end() || length->second != account.size()) return false;
  std::rotate(account.begin(), account.begin() + 4, account.end());
  int rest = 0;
  for (const char c : account) {
    const bool digit = absl::ascii_isdigit(static_cast<unsigned char>(c));
    rest = digit ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  }
  return rest == 1;
}

bool IsInternationalPhone(absl::string_view match) {
  const std::string digits = DigitsOf(match);
  return digits.size() >= 8 && digits.size() <= 15 && digits[0] != '0' && !AllEqual(digits);
}

bool IsNorthAmericanPhone(absl::string_view match) {
  std::string digits = DigitsOf(match);
  if (digits.size() == 11 && digits[0] == '1') digits.erase(0, 1);
  if (digits.size() != 10) return false;
  const auto code = [&](std::size_t at) {  // not 0xx, 1xx or N11
    return digits[at] >= '2' && !(digits[at + 1] == '1' && digits[at + 2] == '1');
  };
  return code(0) && code(3) && digits[1] != '9';
}

bool IsIpV6(absl::string_view match) {
  const std::string address(match);
  in6_addr parsed;
  if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return false;
  std::size_t groups = 0;
  bool digit = false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    digit = digit || absl::ascii_isdigit(static_cast<unsigned char>(address[i]));
    if (address[i] != ':' && (i == 0 || address[i - 1] == ':')) ++groups;
  }
  return digit && groups >= 2;
}

const std::map<std::string, std::size_t>& IbanLengths() {
  static const auto* const lengths = new std::map<std::string, std::size_t>{
      {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16},
      {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22},
      {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20},
      {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22},
      {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21},
      {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30},
      {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
      {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20},
      {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
      {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22},
      {"RU", 33}, {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24},
      {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26},
      {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30}};
  return *lengths;
}

}  // namespace countersign::text
