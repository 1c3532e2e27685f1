#include "libs/json/surrogates.h"

#include "libs/base/hex_digits.h"

namespace countersign::json {
namespace {

constexpr std::size_t kEscape = 6;  // bytes of \uXXXX

}  // namespace

std::optional<std::uint32_t> UnicodeEscapeAt(absl::string_view json, std::size_t offset) {
  if (offset + kEscape > json.size() || json.substr(offset, 2) != "\\u") return std::nullopt;
  return ParseHex(json.substr(offset + 2, 4));
}

std::vector<std::size_t> LoneSurrogates(absl::string_view json) {
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at < json.size();) {
    // Outside of strings, JSON contains no backslash.
    if (json[at] != '\\') {
      ++at;
      continue;
    }
    const std::optional<std::uint32_t> unit = UnicodeEscapeAt(json, at);
    if (!unit) {
      at += 2;
      continue;
    }
    const std::optional<std::uint32_t> next = UnicodeEscapeAt(json, at + kEscape);
    const bool pair = IsHighSurrogate(*unit) && next && IsLowSurrogate(*next);
    if (!pair && (IsHighSurrogate(*unit) || IsLowSurrogate(*unit))) found.push_back(at);
    at += pair ? 2 * kEscape : kEscape;
  }
  return found;
}

void ReplaceSurrogate(std::string& json, std::size_t offset) {
  json.replace(offset, kEscape, "\\ufffd");
}

}  // namespace countersign::json
