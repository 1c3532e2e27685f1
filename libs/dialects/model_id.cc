#include "libs/dialects/model_id.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace countersign::dialects {
namespace {

constexpr std::size_t kLongest = 128;
constexpr std::size_t kMostDigits = 12;
constexpr std::size_t kMostDigitsInARow = 8;  // a date
constexpr std::size_t kLongestMixed = 12;     // length of a word with upper case and digits
constexpr std::size_t kLongestWord = 32;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsUpper(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); }

std::size_t CountDigits(absl::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), IsDigit));
}

bool HasLongNumber(absl::string_view word) {
  std::size_t row = 0;
  for (const char c : word) {
    row = IsDigit(c) ? row + 1 : 0;
    if (row > kMostDigitsInARow) return true;
  }
  return false;
}

bool IsWord(absl::string_view word) {
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
  if (!plain || word.size() > kLongestWord || HasLongNumber(word)) return false;
  const bool mixed = CountDigits(word) > 4 ||
                     (CountDigits(word) > 0 && std::any_of(word.begin(), word.end(), IsUpper));
  return !mixed || word.size() <= kLongestMixed;
}

}  // namespace

bool IsModelId(absl::string_view id) {
  if (id.empty() || id.size() > kLongest || CountDigits(id) > kMostDigits) return false;
  if (!absl::ascii_isalnum(static_cast<unsigned char>(id.front())) || id.back() == '/')
    return false;
  if (absl::StrContains(id, "..") || absl::StrContains(id, "//")) return false;
  for (const absl::string_view word : absl::StrSplit(id, absl::ByAnyChar("-_.:/@+"))) {
    if (!IsWord(word)) return false;
  }
  return true;
}

}  // namespace countersign::dialects
