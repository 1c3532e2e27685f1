#include "services/edge/call/headers/header_values.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace countersign::edge::call::headers {
namespace {

constexpr std::size_t kLongestValue = 512;
constexpr std::size_t kLongestWord = 32;
constexpr std::size_t kLongestAnyCase = 12;
constexpr std::size_t kMostDigitsOfItem = 8;
constexpr std::size_t kMostDigitsOfNumber = 11;
constexpr std::size_t kLongestId = 40;
constexpr std::size_t kLongestKey = 128;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsHex(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }
bool IsUpper(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); }

std::size_t Digits(absl::string_view value) {
  return static_cast<std::size_t>(std::count_if(value.begin(), value.end(), IsDigit));
}

bool AllOf(absl::string_view value, absl::string_view more) {
  return !value.empty() && value.size() <= kLongestValue &&
         std::all_of(value.begin(), value.end(),
                     [&](char c) { return IsAlnum(c) || absl::StrContains(more, c); });
}

bool IsUuid(absl::string_view value) {
  if (value.size() != 36) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? value[i] != '-' : !IsHex(value[i])) return false;
  }
  return true;
}

// Removes a number from the front of `value`.
bool ConsumeNumber(absl::string_view& value) {
  const auto digits = [&] {
    std::size_t n = 0;
    while (n < value.size() && IsDigit(value[n])) ++n;
    value.remove_prefix(n);
    return n;
  };
  const std::size_t whole = digits();
  if (whole == 0 || whole > kMostDigitsOfNumber) return false;
  return !absl::ConsumePrefix(&value, ".") || (digits() <= kMostDigitsOfNumber);
}

bool IsDuration(absl::string_view value) {
  while (!value.empty()) {
    if (!ConsumeNumber(value)) return false;
    bool unit = false;
    for (const absl::string_view name : {"ms", "us", "ns", "d", "h", "m", "s"}) {
      if (!unit) unit = absl::ConsumePrefix(&value, name);
    }
    if (!unit) return false;
  }
  return true;
}

bool IsWord(absl::string_view word) {
  if (word.size() <= kLongestAnyCase) return true;
  return word.size() <= kLongestWord && std::none_of(word.begin(), word.end(), IsUpper) &&
         Digits(word) <= kMostDigitsOfItem / 2;
}

}  // namespace

bool IsQuantity(absl::string_view value) {
  if (value.empty() || value.size() > 40) return false;
  absl::string_view rest = value;
  absl::ConsumePrefix(&rest, "-");
  if (ConsumeNumber(rest) && rest.empty()) return true;
  absl::Time time;
  std::string error;
  return IsDuration(value) || absl::ParseTime(absl::RFC3339_full, value, &time, &error) ||
         absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", value, &time, &error);
}

bool IsTokenList(absl::string_view value) {
  if (!AllOf(value, "-_.=/,;:+*\" ")) return false;
  for (const absl::string_view item : absl::StrSplit(value, absl::ByAnyChar(",;"))) {
    const absl::string_view words = absl::StripLeadingAsciiWhitespace(item);
    if (absl::StrContains(words, ' ') || Digits(words) > kMostDigitsOfItem) return false;
    for (const absl::string_view word : absl::StrSplit(words, absl::ByAnyChar("-_.=/:+*\""))) {
      if (!IsWord(word)) return false;
    }
  }
  return true;
}

bool IsServerId(absl::string_view value) {
  static constexpr absl::string_view kPrefixes[] = {
      "req", "request", "org", "user", "proj", "project", "msg", "up", "trace", "chatcmpl"};
  if (IsUuid(value)) return true;
  const std::size_t mark = value.find_first_of("_-");
  const bool prefixed =
      mark != absl::string_view::npos && std::find(std::begin(kPrefixes), std::end(kPrefixes),
                                                   value.substr(0, mark)) != std::end(kPrefixes);
  const absl::string_view id = prefixed ? value.substr(mark + 1) : value;
  if (IsUuid(id)) return true;
  const bool hex = std::all_of(id.begin(), id.end(), IsHex);
  const bool mixed = Digits(id) < id.size() || id.size() <= kMostDigitsOfNumber;
  return !id.empty() && id.size() <= kLongestId && mixed &&
         (hex || (prefixed && std::all_of(id.begin(), id.end(), IsAlnum)));
}

bool IsProduct(absl::string_view value) {
  if (!AllOf(value, "-_./ +") || value.size() > 128 || Digits(value) > 14) return false;
  const std::vector<absl::string_view> products = absl::StrSplit(value, ' ');
  return std::all_of(products.begin(), products.end(), [&](absl::string_view product) {
    const bool versioned = absl::StrContains(product, '/') || absl::StrContains(product, '.');
    if (product.empty() || (!versioned && products.size() > 1)) return false;
    const std::vector<absl::string_view> words = absl::StrSplit(product, absl::ByAnyChar("-_./+"));
    return Digits(product) <= kMostDigitsOfItem &&
           std::all_of(words.begin(), words.end(), [](absl::string_view word) {
             return word.size() <= kLongestWord && (word.size() <= 12 || Digits(word) == 0);
           });
  });
}

bool MayGoUpstream(absl::string_view name, absl::string_view value) {
  if (name == "user-agent") return IsProduct(value);
  if (name == "idempotency-key") return value.size() <= kLongestKey && AllOf(value, "-_");
  if (name == "traceparent") {
    return value.size() == 55 &&
           std::all_of(value.begin(), value.end(), [](char c) { return c == '-' || IsHex(c); });
  }
  return IsTokenList(value) || IsServerId(value);
}

bool MayGoToCaller(absl::string_view name, absl::string_view value) {
  if (name == "content-type") return IsTokenList(value);
  return IsQuantity(value) || IsTokenList(value) || IsServerId(value);
}

}  // namespace countersign::edge::call::headers
