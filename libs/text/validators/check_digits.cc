#include "libs/text/validators/check_digits.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace countersign::text::validators {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

int CharacterValue(char c) { return IsDigit(c) ? c - '0' : c - 'A' + 10; }

// D5 and the powers of Verhoeff's permutation.
constexpr std::array<std::array<unsigned char, 10>, 10> kDihedral = {{
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
    {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
    {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
    {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
    {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
    {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
    {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
    {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
    {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
    {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
}};
constexpr std::array<unsigned char, 10> kPermutation = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};

// A weakly totally anti-symmetric quasigroup of order 10.
constexpr std::array<std::array<unsigned char, 10>, 10> kDamm = {{
    {0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
    {7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
    {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
    {1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
    {6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
    {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
    {5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
    {8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
    {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
    {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}};

int Mod97(absl::string_view characters) {
  int rest = 0;
  for (const char c : characters) {
    const int value = CharacterValue(c);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

constexpr std::array<absl::string_view, 24> kPlaceholders = {
    "example", "changeme",  "change_me", "your",     "placeholder", "dummy",
    "sample",  "redacted",  "password",  "secret",   "insert",      "foobar",
    "lorem",   "undefined", "default",   "xxxx",     "process",     "environ",
    "getenv",  "config",    "replace",   "function", "version",     "http"};

}  // namespace

std::string KeepDigits(absl::string_view match) {
  std::string digits;
  for (const char c : match) {
    if (IsDigit(c)) digits += c;
  }
  return digits;
}

std::string KeepAlnumUpper(absl::string_view match) {
  std::string kept;
  for (const char c : match) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte)) kept += absl::ascii_toupper(byte);
  }
  return kept;
}

bool HasShape(absl::string_view text, absl::string_view shape) {
  return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char kind) {
    const auto byte = static_cast<unsigned char>(c);
    return kind == '0'   ? absl::ascii_isdigit(byte)
           : kind == 'A' ? absl::ascii_isupper(byte)
                         : absl::ascii_isdigit(byte) || absl::ascii_isupper(byte);
  });
}

int NumberAt(absl::string_view digits, std::size_t at, std::size_t size) {
  int number = 0;
  for (const char c : digits.substr(std::min(at, digits.size()), size))
    number = number * 10 + (c - '0');
  return number;
}

bool AllEqual(absl::string_view digits) {
  return digits.find_first_not_of(digits[0]) == absl::string_view::npos;
}

int WeightedSum(absl::string_view digits, std::initializer_list<int> weights) {
  int sum = 0;
  std::size_t at = 0;
  for (const int weight : weights) {
    if (at == digits.size()) break;
    sum += weight * (digits[at++] - '0');
  }
  return sum;
}

bool PassesLuhn(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  int sum = 0;
  bool doubled = false;
  for (std::size_t i = digits.size(); i-- > 0; doubled = !doubled) {
    const int digit = digits[i] - '0';
    sum += doubled ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return !digits.empty() && sum % 10 == 0;
}

bool PassesMod97(absl::string_view match) {
  const std::string characters = KeepAlnumUpper(match);
  return !characters.empty() && Mod97(characters) == 1;
}

bool PassesIbanMod97(absl::string_view match) {
  std::string account = KeepAlnumUpper(match);
  if (account.size() < 5) return false;
  std::rotate(account.begin(), account.begin() + 4, account.end());
  return Mod97(account) == 1;
}

bool PassesMod11_10(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  if (digits.empty()) return false;
  int check = 5;
  for (const char c : digits) {
    check = ((check == 0 ? 10 : check) * 2 % 11 + (c - '0')) % 10;
  }
  return check == 1;
}

bool PassesMod11_2(absl::string_view match) {
  const std::string characters = KeepAlnumUpper(match);
  if (characters.empty()) return false;
  int check = 0;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const bool last = i + 1 == characters.size();
    if (!IsDigit(characters[i]) && !(last && characters[i] == 'X')) return false;
    check = (check * 2 + (IsDigit(characters[i]) ? characters[i] - '0' : 10)) % 11;
  }
  return check == 1;
}

bool PassesVerhoeff(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  unsigned check = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    auto digit = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
    for (std::size_t times = 0; times < i % 8; ++times) digit = kPermutation[digit];
    check = kDihedral[check][digit];
  }
  return !digits.empty() && check == 0;
}

bool PassesDamm(absl::string_view match) {
  const std::string digits = KeepDigits(match);
  unsigned check = 0;
  for (const char c : digits) check = kDamm[check][static_cast<unsigned>(c - '0')];
  return !digits.empty() && check == 0;
}

bool IsDate(int year, int month, int day) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int days = kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
  return day <= days;
}

bool IsShortDate(int year, int month, int day) {
  return IsDate(2000 + year, month, day) || IsDate(1900 + year, month, day);
}

double Entropy(absl::string_view text) {
  std::array<int, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double entropy = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = count / static_cast<double>(text.size());
    entropy -= share * std::log2(share);
  }
  return entropy;
}

bool ReadsAsName(absl::string_view value) {
  std::size_t digits = 0;
  bool digit_before = false;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isdigit(byte)) {
      ++digits;
      digit_before = true;
    } else if (absl::ascii_isalpha(byte)) {
      if (digit_before) return false;  // digit within a word
    } else {
      digit_before = false;
    }
  }
  return digits <= 5;
}

// In random text the words between capitals are shorter.
bool ReadsAsCamelCase(absl::string_view value) {
  constexpr std::size_t kWord = 4;
  std::size_t letters = 0, words = 0, numbers = 0;
  char before = '_';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = absl::ascii_isalpha(byte);
    if (letter) ++letters;
    if (letter &&
        (absl::ascii_isupper(byte) || !absl::ascii_isalpha(static_cast<unsigned char>(before)))) {
      ++words;
    }
    if (absl::ascii_isdigit(byte) && !absl::ascii_isdigit(static_cast<unsigned char>(before))) {
      ++numbers;
    }
    before = c;
  }
  return numbers == 1 && words > 1 && letters >= kWord * words;
}

bool IsEvenlySpread(absl::string_view value) {
  std::size_t digits = 0;
  std::size_t letters = 0;
  std::size_t hex = 0;
  std::size_t ordered = 0;
  std::size_t equal = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (absl::ascii_isdigit(byte)) ++digits;
    if (absl::ascii_isalpha(byte)) ++letters;
    if (absl::ascii_isxdigit(byte)) ++hex;
    if (i > 0 && value[i] == value[i - 1] + 1) ++ordered;
    if (i > 0 && value[i] == value[i - 1]) ++equal;
  }
  if (digits == 0 || letters == 0 || ordered * 3 > value.size() || equal * 3 > value.size()) {
    return false;
  }
  // A random text of n characters has an entropy of about log2(n) bits while its alphabet is
  // larger.
  const double alphabet = hex == value.size() ? 4 : 5;
  const double possible = std::min(std::log2(static_cast<double>(value.size())), alphabet);
  return Entropy(value) >= 0.75 * possible && !ReadsAsName(value) && !ReadsAsCamelCase(value);
}

bool LooksRandom(absl::string_view value) {
  if (!IsEvenlySpread(value)) return false;
  const std::string lower = absl::AsciiStrToLower(value);
  return std::none_of(kPlaceholders.begin(), kPlaceholders.end(),
                      [&](absl::string_view word) { return absl::StrContains(lower, word); });
}

}  // namespace countersign::text::validators
