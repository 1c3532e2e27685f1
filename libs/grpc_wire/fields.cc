#include "libs/grpc_wire/fields.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace countersign::grpc_wire {
namespace {

constexpr std::size_t kMostDigits = 8;

// Finest first.
constexpr std::pair<char, absl::Duration (*)(std::int64_t)> kUnits[] = {
    {'n', [](std::int64_t n) { return absl::Nanoseconds(n); }},
    {'u', [](std::int64_t n) { return absl::Microseconds(n); }},
    {'m', [](std::int64_t n) { return absl::Milliseconds(n); }},
    {'S', [](std::int64_t n) { return absl::Seconds(n); }},
    {'M', [](std::int64_t n) { return absl::Minutes(n); }},
    {'H', [](std::int64_t n) { return absl::Hours(n); }},
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Protocol ParseContentType(absl::string_view content_type) {
  const std::string type = absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';'))));
  absl::string_view rest = type;
  if (!absl::ConsumePrefix(&rest, "application/grpc")) return Protocol::kNone;
  Protocol protocol = Protocol::kGrpc;
  if (absl::ConsumePrefix(&rest, "-web-text")) {
    protocol = Protocol::kWebText;
  } else if (absl::ConsumePrefix(&rest, "-web")) {
    protocol = Protocol::kWeb;
  }
  if (rest.empty() || rest == "+proto") return protocol;
  return rest.front() == '+' ? Protocol::kUnsupported : Protocol::kNone;
}

absl::StatusOr<absl::Duration> ParseTimeout(absl::string_view value) {
  std::int64_t number = 0;
  const absl::string_view digits = value.substr(0, value.empty() ? 0 : value.size() - 1);
  const bool valid =
      !digits.empty() && digits.size() <= kMostDigits &&
      std::all_of(digits.begin(), digits.end(),
                  [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }) &&
      absl::SimpleAtoi(digits, &number);
  if (valid) {
    for (const auto& [unit, make] : kUnits) {
      if (unit == value.back()) return make(number);
    }
  }
  return absl::InvalidArgumentError(
      "grpc-timeout is not a number of at most eight digits and a unit");
}

std::string FormatTimeout(absl::Duration timeout) {
  constexpr std::int64_t kMost = 99'999'999;
  for (const auto& [unit, make] : kUnits) {
    const std::int64_t number = timeout / make(1);
    if (number <= kMost) return absl::StrCat(number, std::string(1, unit));
  }
  return absl::StrCat(kMost, "H");
}

std::string PercentEncode(absl::string_view message) {
  std::string value;
  value.reserve(message.size());
  for (const char c : message) {
    if (c >= ' ' && c <= '~' && c != '%') {
      value.push_back(c);
    } else {
      absl::StrAppend(&value, "%",
                      absl::AsciiStrToUpper(absl::BytesToHexString(absl::string_view(&c, 1))));
    }
  }
  return value;
}

std::string PercentDecode(absl::string_view value) {
  std::string message;
  message.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const int high = value[i] == '%' && i + 2 < value.size() ? HexDigit(value[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(value[i + 2]) : -1;
    if (low < 0) {
      message.push_back(value[i]);
      continue;
    }
    message.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return message;
}

std::string EncodeBinary(absl::string_view bytes) {
  std::string value = absl::Base64Escape(bytes);
  while (!value.empty() && value.back() == '=') value.pop_back();
  return value;
}

absl::StatusOr<std::string> DecodeBinary(absl::string_view value) {
  const absl::Status invalid = absl::InvalidArgumentError("a -bin field is not base64");
  absl::string_view digits = value;
  if (absl::EndsWith(digits, "=")) {
    if (digits.size() % 4 != 0) return invalid;
    digits.remove_suffix(1);
    absl::ConsumeSuffix(&digits, "=");
  }
  std::string bytes;
  if (!absl::Base64Unescape(digits, &bytes) || EncodeBinary(bytes) != digits) return invalid;
  return bytes;
}

bool Accepts(absl::string_view list, absl::string_view encoding) {
  for (const absl::string_view item : absl::StrSplit(list, ',')) {
    if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(item), encoding)) return true;
  }
  return false;
}

}  // namespace countersign::grpc_wire
