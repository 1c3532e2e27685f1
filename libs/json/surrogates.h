#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// Surrogates: pairs of JSON `\u` escapes that encode characters beyond U+FFFF. A lone surrogate is
// invalid in strict JSON, but some servers send one when they split a character between two deltas.
// It must not be passed on: a caller could join two halves to a character that was never masked.
namespace countersign::json {

constexpr bool IsHighSurrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
constexpr bool IsLowSurrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// REQUIRES: IsHighSurrogate(high) and IsLowSurrogate(low).
constexpr std::uint32_t JoinSurrogates(std::uint32_t high, std::uint32_t low) {
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

// The UTF-16 code unit of the escape `\uXXXX` at `offset`; nullopt if there is none.
std::optional<std::uint32_t> UnicodeEscapeAt(absl::string_view json, std::size_t offset);

// The offsets in `json` of all escaped surrogates (`\ud83d`) without their other half. Unspecified
// for input that is not JSON.
std::vector<std::size_t> LoneSurrogates(absl::string_view json);

// Overwrites the escape at `offset` with the one of U+FFFD, the replacement character. The length
// does not change.
void ReplaceSurrogate(std::string& json, std::size_t offset);

}  // namespace countersign::json
