#include "libs/text/validators/placeholders.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace countersign::text::validators {
namespace {

constexpr std::size_t kLongSecret = 128;

// Long enough that random text does not hold them by chance, in any case.
constexpr std::array<absl::string_view, 13> kStandIns = {
    "example",    "placeholder", "changeme", "change_me", "change-me", "redacted", "replace",
    "not-a-real", "****",        "....",     "here>",     "{{",        "${"};

// Those that need edges: no letter beside them, and letters of one case behind the first.
constexpr std::array<absl::string_view, 12> kShortStandIns = {"your",   "dummy", "insert", "foobar",
                                                              "xxxx",   "todo",  "fixme",  "lorem",
                                                              "sample", "fake",  "here",   "mock"};

constexpr std::array<absl::string_view, 32> kWords = {
    "none",     "null",     "nil",   "true",   "false",    "undefined", "string",  "str",
    "required", "optional", "empty", "hidden", "password", "passwd",    "pass",    "secret",
    "username", "user",     "admin", "root",   "text",     "value",     "default", "getpass",
    "getenv",   "environ",  "self",  "this",   "config",   "settings",  "input",   "process"};

// The share of the secret that one letter in a row, or letters and digits in order, may have.
bool IsMonotonous(absl::string_view secret) {
  constexpr std::size_t kRun = 8;
  std::size_t equal = 1;
  std::size_t ordered = 1;
  for (std::size_t i = 1; i < secret.size(); ++i) {
    equal = secret[i] == secret[i - 1] ? equal + 1 : 1;
    const bool wraps = secret[i - 1] == '9' && (secret[i] == '0' || secret[i] == 'a');
    ordered = secret[i] == secret[i - 1] + 1 || wraps ? ordered + 1 : 1;
    if (equal >= std::max(kRun, secret.size() / 3)) return true;
    if (ordered >= std::max(kRun, secret.size() * 3 / 4)) return true;
  }
  return false;
}

bool IsLetter(char byte) { return absl::ascii_isalpha(static_cast<unsigned char>(byte)); }

// Whether `word` stands in `secret`, which is `lower` in lower case, with an edge on both sides; in
// a short secret one is enough.
bool HasWord(absl::string_view secret, absl::string_view lower, absl::string_view word) {
  constexpr std::size_t kShort = 32;
  for (std::size_t at = lower.find(word); at != lower.npos; at = lower.find(word, at + 1)) {
    std::size_t end = at + word.size();
    while (word == "xxxx" && end < lower.size() && lower[end] == 'x') ++end;
    const bool left = at == 0 || !IsLetter(secret[at - 1]);
    const bool right = end == secret.size() || !IsLetter(secret[end]);
    const absl::string_view found = secret.substr(at, end - at);
    const auto is_upper = [](char byte) {
      return absl::ascii_isupper(static_cast<unsigned char>(byte));
    };
    const auto uppers = std::count_if(found.begin(), found.end(), is_upper);
    const bool one_case = uppers == 0 || (uppers == 1 && is_upper(found[0])) ||
                          static_cast<std::size_t>(uppers) == found.size();
    if (one_case && (secret.size() <= kShort ? left || right : left && right)) return true;
  }
  return false;
}

}  // namespace

bool IsPlaceholder(absl::string_view secret) {
  if (IsMonotonous(secret)) return true;
  if (secret.empty() || secret.size() > kLongSecret) return false;
  if (secret.front() == '<' || secret.back() == '>') return true;
  const std::string lower = absl::AsciiStrToLower(secret);
  return std::any_of(kStandIns.begin(), kStandIns.end(),
                     [&](absl::string_view word) { return absl::StrContains(lower, word); }) ||
         std::any_of(kShortStandIns.begin(), kShortStandIns.end(),
                     [&](absl::string_view word) { return HasWord(secret, lower, word); });
}

bool IsPasswordPlaceholder(absl::string_view password) {
  if (password.empty() || absl::StrContains("$<{%", password[0]) || IsPlaceholder(password)) {
    return true;
  }
  const std::string lower = absl::AsciiStrToLower(password);
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end() ||
         lower.find_first_not_of("x*.-_•#") == lower.npos;
}

}  // namespace countersign::text::validators
