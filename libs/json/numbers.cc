#include "libs/json/numbers.h"

#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace countersign::json {
namespace {

constexpr int kMaxExponent = 64;
constexpr std::size_t kShortDigits = 11;

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
  absl::string_view whole = text;
  absl::ConsumePrefix(&whole, "-");
  return whole.substr(0, whole.find_first_of(".eE")).size() <= kShortDigits;
}

}  // namespace countersign::json
