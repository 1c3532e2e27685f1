#include "services/masking/named_validators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/edit_distance.h"
#include "libs/text/validators/payment.h"

namespace countersign::masking {
namespace {

using Digits = std::vector<int>;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

std::string Significant(absl::string_view text) {
  std::string kept;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      kept += absl::ascii_toupper(static_cast<unsigned char>(c));
    }
  }
  return kept;
}

// The digits of a value of at least two; none when there is anything else.
Digits DigitsOf(absl::string_view text) {
  Digits digits;
  for (const char c : Significant(text)) {
    if (!IsDigit(c)) return {};
    digits.push_back(c - '0');
  }
  return digits.size() < 2 ? Digits() : digits;
}

bool IsLuhn(absl::string_view text) {
  const Digits digits = DigitsOf(text);
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int digit = digits[digits.size() - 1 - i] * (i % 2 == 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return !digits.empty() && sum % 10 == 0;
}

bool IsGs1(absl::string_view text) {
  const Digits digits = DigitsOf(text);
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    sum += digits[digits.size() - 1 - i] * (i % 2 == 0 ? 1 : 3);
  }
  return !digits.empty() && sum % 10 == 0;
}

// The dihedral group D5, and the permutation that Verhoeff applies once per place.
int Dihedral(int a, int b) {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + (a + b) % 5;
  return b < 5 ? 5 + (a - b + 5) % 5 : (a - b + 5) % 5;
}

bool IsVerhoeff(absl::string_view text) {
  static constexpr std::array<int, 10> kPermutation = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
  const Digits digits = DigitsOf(text);
  int check = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i];
    for (std::size_t n = i % 8; n > 0; --n) digit = kPermutation[static_cast<std::size_t>(digit)];
    check = Dihedral(check, digit);
  }
  return !digits.empty() && check == 0;
}

bool IsDamm(absl::string_view text) {
  static constexpr absl::string_view kTable[] = {
      "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
      "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"};
  const Digits digits = DigitsOf(text);
  std::size_t interim = 0;
  for (const int digit : digits) {
    interim = static_cast<std::size_t>(kTable[interim][static_cast<std::size_t>(digit)] - '0');
  }
  return !digits.empty() && interim == 0;
}

bool IsMod11(absl::string_view text) {
  std::string value = Significant(text);
  if (value.size() < 2) return false;
  int sum = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[value.size() - 1 - i];
    if (!IsDigit(c) && !(c == 'X' && i == 0)) return false;
    sum += (c == 'X' ? 10 : c - '0') * static_cast<int>((i + 1) % 11);
  }
  return sum % 11 == 0;
}

bool IsMod11_10(absl::string_view text) {
  const Digits digits = DigitsOf(text);
  int product = 10;
  for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
    const int sum = (digits[i] + product) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return !digits.empty() && (product + digits.back()) % 10 == 1;
}

bool IsMod97(absl::string_view text) {
  const std::string value = Significant(text);
  int rest = 0;
  for (const char c : value) {
    rest = IsDigit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  }
  return value.size() >= 3 && rest == 1;
}

bool HasEntropy(absl::string_view text) {
  std::map<char, double> counts;
  bool letter = false, digit = false;
  for (const char c : text) {
    counts[c] += 1;
    letter |= absl::ascii_isalpha(static_cast<unsigned char>(c));
    digit |= IsDigit(c);
  }
  double bits = 0;
  for (const auto& [c, count] : counts) {
    const double share = count / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return letter && digit && bits >= 3;
}

using Test = bool (*)(absl::string_view);

const std::map<std::string, Test, std::less<>>& Tests() {
  static const auto& tests = *new std::map<std::string, Test, std::less<>>{
      {"luhn", IsLuhn},         {"gs1", IsGs1},
      {"verhoeff", IsVerhoeff}, {"damm", IsDamm},
      {"mod11", IsMod11},       {"mod11_10", IsMod11_10},
      {"mod97", IsMod97},       {"iban", text::validators::IsIban},
      {"entropy", HasEntropy},  {"credit_card", text::validators::IsPaymentCard}};
  return tests;
}

}  // namespace

absl::StatusOr<text::redaction::Validator> ValidatorNamed(absl::string_view name) {
  const auto found = Tests().find(name);
  if (found != Tests().end()) return text::redaction::Validator(found->second);
  std::vector<std::string> known;
  for (const auto& [validator, test] : Tests()) known.push_back(validator);
  const std::string meant = ProbablyMeant(name, known);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown validator '", name, "'; ",
      meant.empty() ? "there are " : absl::StrCat("did you mean ", meant, "? There are "),
      absl::StrJoin(known, ", ")));
}

}  // namespace countersign::masking
