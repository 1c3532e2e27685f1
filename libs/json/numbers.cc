#include "libs/json/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace countersign::json {
namespace {

constexpr int kMaxExponent = 64;
constexpr std::size_t kShortDigits = 11;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// Removes the digits at the beginning of `text`; false if there are none.
bool ConsumeDigits(absl::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsDigit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count > 0;
}

// RFC 8259, section 6.
bool IsNumber(absl::string_view text) {
  absl::ConsumePrefix(&text, "-");
  if (!absl::ConsumePrefix(&text, "0") && !ConsumeDigits(text)) return false;
  if (absl::ConsumePrefix(&text, ".") && !ConsumeDigits(text)) return false;
  if (absl::ConsumePrefix(&text, "e") || absl::ConsumePrefix(&text, "E")) {
    if (!absl::ConsumePrefix(&text, "+")) absl::ConsumePrefix(&text, "-");
    if (!ConsumeDigits(text)) return false;
  }
  return text.empty();
}

bool IsLarge(absl::string_view number) {
  if (number.find_first_of(".eE") == absl::string_view::npos) {
    std::int64_t negative = 0;
    std::uint64_t positive = 0;
    return number.size() > 18 && !absl::SimpleAtoi(number, &negative) &&
           !absl::SimpleAtoi(number, &positive);
  }
  double value = 0;
  const auto read = absl::from_chars(number.data(), number.data() + number.size(), value);
  return read.ec == std::errc::result_out_of_range && std::fabs(value) > 1;
}

}  // namespace

std::string NumberText(absl::string_view literal) {
  const std::size_t e = literal.find_first_of("eE");
  absl::string_view mantissa = literal.substr(0, e);
  int exponent = 0;
  if (e != absl::string_view::npos) {
    absl::string_view digits = literal.substr(e + 1);
    absl::ConsumePrefix(&digits, "+");
    if (!absl::SimpleAtoi(digits, &exponent) || exponent > kMaxExponent ||
        exponent < -kMaxExponent) {
      return std::string(literal);
    }
  }
  const bool negative = absl::ConsumePrefix(&mantissa, "-");
  const std::size_t point = mantissa.find('.');
  std::string whole(mantissa.substr(0, point));
  std::string fraction(point == absl::string_view::npos ? "" : mantissa.substr(point + 1));
  for (; exponent > 0; --exponent) {
    whole += fraction.empty() ? '0' : fraction[0];
    if (!fraction.empty()) fraction.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    fraction.insert(0, 1, whole.empty() ? '0' : whole.back());
    if (!whole.empty()) whole.pop_back();
  }
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  const std::size_t first = whole.find_first_not_of('0');
  whole = first == std::string::npos ? "0" : whole.substr(first);
  return absl::StrCat(negative ? "-" : "", whole, fraction.empty() ? "" : ".", fraction);
}

bool IsShortNumber(absl::string_view literal) {
  const std::string text = NumberText(literal);
  if (text.find_first_of("eE") != std::string::npos) return false;
  absl::string_view whole = text;
  absl::ConsumePrefix(&whole, "-");
  return whole.substr(0, whole.find('.')).size() <= kShortDigits;
}

std::optional<std::string> ReplaceLargeNumbers(absl::string_view json) {
  std::optional<std::string> replaced;
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '"') {
      for (++at; at < json.size() && json[at] != '"'; ++at) {
        if (json[at] == '\\') ++at;
      }
      continue;
    }
    if (json[at] != '-' && !IsDigit(json[at])) continue;
    const std::size_t end = std::min(json.find_first_of(" \t\r\n,]}", at), json.size());
    const absl::string_view number = json.substr(at, end - at);
    if (IsNumber(number) && IsLarge(number)) {
      if (!replaced) replaced.emplace(json);
      // "1e000": every large number has at least four characters.
      replaced->replace(at, 2, "1e");
      std::fill(replaced->begin() + static_cast<std::ptrdiff_t>(at) + 2,
                replaced->begin() + static_cast<std::ptrdiff_t>(end), '0');
    }
    at = end - 1;
  }
  return replaced;
}

}  // namespace countersign::json
