#include "libs/text/validators/credentials.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "libs/text/validators/check_digits.h"
#include "libs/text/validators/placeholders.h"

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

namespace {

struct Kinds {
  bool digit = false, upper = false, lower = false;
  bool mark = false;  // other than those that join words: - _ . / :
  bool letter() const { return upper || lower; }
};

Kinds CountKinds(absl::string_view text) {
  Kinds kinds;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    kinds.digit = kinds.digit || absl::ascii_isdigit(byte);
    kinds.upper = kinds.upper || absl::ascii_isupper(byte);
    kinds.lower = kinds.lower || absl::ascii_islower(byte) || byte >= 0x80;
    kinds.mark = kinds.mark || (absl::ascii_ispunct(byte) && !absl::StrContains("-_./:", c));
  }
  return kinds;
}

// Whether the value is an expression of a program, a path, an address or a version, not a
// password: `config.pass1`, `/run/secrets/p4ss`, `a::b2`, `v1.2.3`.
bool ReadsAsCode(absl::string_view value) {
  const bool joined = absl::StrContains(value, "://") || absl::StrContains(value, "::") ||
                      absl::StrContains(value, "->") || absl::StartsWith(value, "/") ||
                      absl::StartsWith(value, "./") || absl::StartsWith(value, "../") ||
                      absl::StartsWith(value, "--") || absl::StrContains(value, "()");
  if (joined) return true;
  const auto name_byte = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-./:", c);
  };
  const bool dotted = value.find_first_of("./") != value.npos;
  return dotted && std::all_of(value.begin(), value.end(), name_byte);
}

}  // namespace

bool IsPasswordLike(absl::string_view match) {
  const Kinds kinds = CountKinds(match);
  return kinds.letter() && kinds.digit && (kinds.mark || (kinds.upper && kinds.lower)) &&
         !ReadsAsCode(match) && !IsPasswordPlaceholder(match);
}

bool IsStatedPassword(absl::string_view match) {
  const Kinds kinds = CountKinds(match);
  return kinds.mark && IsPasswordLike(match);
}

bool IsQuotedPassword(absl::string_view match) {
  const Kinds kinds = CountKinds(match);
  if (!kinds.letter() || IsPasswordPlaceholder(match)) return false;
  const bool mixed = (kinds.upper && kinds.lower) || kinds.mark;
  const bool strong = kinds.digit && mixed;
  const bool marked = kinds.mark && kinds.upper && kinds.lower;
  if (strong || marked) {
    // A path with letters of both cases and a digit is still a password between quotes.
    return !absl::StrContains(match, "://") && !absl::StrContains(match, "()") &&
           (match.find('{') == match.npos || match.find('}') == match.npos);
  }
  return kinds.digit && !ReadsAsCode(match) && !ReadsAsName(match);
}

bool IsShortToken(absl::string_view match) {
  const Kinds kinds = CountKinds(match);
  return kinds.digit && kinds.letter() && !ReadsAsName(match) && !ReadsAsCode(match) &&
         !IsPasswordPlaceholder(match);
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
