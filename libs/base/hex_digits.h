#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace countersign {

// The value of a hexadecimal digit in either case; -1 for other characters.
constexpr int HexDigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool IsHexDigit(char c) { return HexDigitValue(c) >= 0; }

// Whether `text` is not empty and has only hexadecimal digits, of either case.
constexpr bool IsHex(absl::string_view text) {
  for (const char c : text) {
    if (!IsHexDigit(c)) return false;
  }
  return !text.empty();
}

// The same, with letters in lower case only, as this program writes them.
constexpr bool IsLowerHex(absl::string_view text) {
  for (const char c : text) {
    if (c >= 'A' && c <= 'F') return false;
  }
  return IsHex(text);
}

// The value of one to eight hexadecimal digits; nullopt for other input.
constexpr std::optional<std::uint32_t> ParseHex(absl::string_view digits) {
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : digits) {
    const int digit = HexDigitValue(c);
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

}  // namespace countersign
