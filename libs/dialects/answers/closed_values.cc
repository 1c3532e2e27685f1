#include "libs/dialects/answers/closed_values.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace countersign::dialects::answers {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// Whether `value` has the form: 'x' is a hexadecimal digit, '9' a digit, 'A' a letter, and all else
// stands for itself.
bool HasForm(absl::string_view value, absl::string_view form) {
  return std::equal(value.begin(), value.end(), form.begin(), form.end(), [](char c, char f) {
    const auto byte = static_cast<unsigned char>(c);
    switch (f) {
      case 'x': return absl::ascii_isxdigit(byte);
      case '9': return IsDigit(c);
      case 'A': return absl::ascii_isalpha(byte);
      default: return c == f;
    }
  });
}

bool IsTime(absl::string_view value) {
  constexpr absl::string_view kSeconds = "9999-99-99T99:99:99";
  constexpr std::size_t kMostFraction = 9;
  if (!HasForm(value.substr(0, kSeconds.size()), kSeconds)) return false;
  absl::string_view rest = value.substr(kSeconds.size());
  if (!rest.empty() && rest[0] == '.') {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1 || end > 1 + kMostFraction) return false;
    rest.remove_prefix(end);
  }
  return rest == "Z" || HasForm(rest, "+99:99") || HasForm(rest, "-99:99");
}

}  // namespace

bool IsClosedValue(absl::string_view value) {
  return HasForm(value, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") || IsTime(value) ||
         HasForm(value, "AAA, 99 AAA 9999 99:99:99 GMT");
}

}  // namespace countersign::dialects::answers
