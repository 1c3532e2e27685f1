#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// Surrogates: the halves of which JSON's `\u` escapes make characters beyond U+FFFF. A half alone
// is no character, and strict JSON refuses it; some servers send one all the same, where they cut a
// character between two deltas. It must not stay: two halves that a caller joins again would be a
// character that nobody looked at.
namespace countersign::json {

constexpr bool IsHighSurrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
constexpr bool IsLowSurrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// REQUIRES: IsHighSurrogate(high) and IsLowSurrogate(low).
constexpr std::uint32_t JoinSurrogates(std::uint32_t high, std::uint32_t low) {
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

// The UTF-16 unit of the escape `\uXXXX` at `offset`; nothing when none stands there.
std::optional<std::uint32_t> UnicodeEscapeAt(absl::string_view json, std::size_t offset);

// The offsets in `json` of all escapes of a surrogate (`\ud83d`) without its other half.
// Unspecified for input that is not JSON.
std::vector<std::size_t> LoneSurrogates(absl::string_view json);

// Overwrites the escape at `offset` with that of U+FFFD, the replacement character. The length does
// not change.
void ReplaceSurrogate(std::string& json, std::size_t offset);

}  // namespace countersign::json
