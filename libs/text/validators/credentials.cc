#include "libs/text/validators/credentials.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {

bool IsBasicCredential(absl::string_view match) {
  std::string decoded;
  if (!absl::Base64Unescape(match, &decoded)) return false;
  const std::size_t colon = decoded.find(':');
  return colon != std::string::npos && colon > 0 &&
         std::all_of(decoded.begin(), decoded.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte >= 0x20 && byte != 0x7F;
         });
}

bool IsMixedRandom(absl::string_view match) {
  const auto has = [&](auto kind) {
    return std::any_of(match.begin(), match.end(),
                       [&](char c) { return kind(static_cast<unsigned char>(c)); });
  };
  // Not LooksRandom, because Amazon's own example contains EXAMPLE.
  return has(absl::ascii_isupper) && has(absl::ascii_islower) && IsEvenlySpread(match);
}

bool IsPasswordLike(absl::string_view match) {
  bool digit = false, upper = false, lower = false, mark = false;
  for (const char c : match) {
    const auto byte = static_cast<unsigned char>(c);
    digit = digit || absl::ascii_isdigit(byte);
    upper = upper || absl::ascii_isupper(byte);
    lower = lower || absl::ascii_islower(byte);
    mark = mark || (absl::ascii_ispunct(byte) && c != '_' && c != '-');
  }
  constexpr std::array<absl::string_view, 9> kStandIns = {"changeme",    "example", "your",
                                                          "placeholder", "dummy",   "xxxx",
                                                          "getpass",     "getenv",  "environ"};
  const std::string lowered = absl::AsciiStrToLower(match);
  return (upper || lower) && digit && (mark || (upper && lower)) &&
         std::none_of(kStandIns.begin(), kStandIns.end(),
                      [&](absl::string_view word) { return absl::StrContains(lowered, word); });
}

bool HasDigit(absl::string_view match) {
  return std::any_of(match.begin(), match.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

bool IsPasswordArgument(absl::string_view match) {
  const std::size_t dash = match.find_first_not_of("-");
  std::size_t at = match.find_first_of(" =", dash);
  absl::string_view value = at == match.npos ? match.substr(dash + 1) : match.substr(at + 1);
  value = value.substr(std::min(value.find_first_not_of(" ='\""), value.size()));
  return value.size() >= 4 && value.find_first_of("$<{`%*/") != 0 &&
         std::any_of(value.begin(), value.end(),
                     [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }) &&
         HasDigit(value);
}

bool IsCurlUser(absl::string_view match) {
  const std::size_t colon = match.find(':');
  if (colon == match.npos || colon + 1 == match.size()) return false;
  const absl::string_view password = match.substr(colon + 1);
  const std::size_t user = match.find_first_not_of("=\"' ", match.find_first_of("= uU") + 1);
  return password[0] != '$' && (user == match.npos || match[user] != '$') &&
         !absl::StrContains(match, '<') && !absl::StrContains(match, '{') &&
         password.find_first_not_of("*") != password.npos;
}

}  // namespace countersign::text::validators
