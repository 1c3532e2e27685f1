#include "libs/text/validators/personal.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {

bool HasManyDigits(absl::string_view match) { return KeepDigits(match).size() >= 6; }

bool IsPlate(absl::string_view match) {
  const std::string plate = KeepAlnumUpper(match);
  const std::size_t digits = KeepDigits(plate).size();
  return plate.size() >= 5 && plate.size() <= 8 && digits >= 1 && digits < plate.size();
}

bool IsLoginValue(absl::string_view match) {
  constexpr std::array<absl::string_view, 30> kWords = {
      "none",  "null",     "nil",      "true",   "false", "undefined", "string",   "str",
      "bool",  "required", "optional", "empty",  "input", "self",      "username", "user",
      "login", "password", "passwd",   "pass",   "admin", "root",      "the",      "your",
      "and",   "not",      "text",     "hidden", "value", "default"};
  const std::string lower = absl::AsciiStrToLower(match);
  if (std::find(kWords.begin(), kWords.end(), lower) != kWords.end()) return false;
  return std::any_of(match.begin(), match.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
}

bool IsMarkedLoginValue(absl::string_view match) {
  return IsLoginValue(match) && match.find_first_of("0123456789_@!#$%^&*") != match.npos &&
         match.back() != '.';
}

}  // namespace countersign::text::validators
