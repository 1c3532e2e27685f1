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
