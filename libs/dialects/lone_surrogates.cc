#include "libs/dialects/lone_surrogates.h"

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"

namespace countersign::dialects {
namespace {

constexpr std::size_t kEscape = 6;  // bytes of \uXXXX

std::optional<std::uint32_t> UnitAt(absl::string_view json, std::size_t at) {
  if (at + kEscape > json.size() || json.substr(at, 2) != "\\u") return std::nullopt;
  std::uint32_t unit = 0;
  for (const char digit : json.substr(at + 2, 4)) {
    const char c = absl::ascii_tolower(static_cast<unsigned char>(digit));
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return unit;
}

bool IsHigh(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLow(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

}  // namespace

std::vector<std::size_t> LoneSurrogates(absl::string_view json) {
  std::vector<std::size_t> found;
  for (std::size_t at = 0; at < json.size();) {
    // Outside strings JSON has no backslash.
    if (json[at] != '\\') {
      ++at;
      continue;
    }
    const std::optional<std::uint32_t> unit = UnitAt(json, at);
    if (!unit) {
      at += 2;
      continue;
    }
    const std::optional<std::uint32_t> next = UnitAt(json, at + kEscape);
    const bool pair = IsHigh(*unit) && next && IsLow(*next);
    if (!pair && (IsHigh(*unit) || IsLow(*unit))) found.push_back(at);
    at += pair ? 2 * kEscape : kEscape;
  }
  return found;
}

void ReplaceSurrogate(std::string& json, std::size_t offset) {
  json.replace(offset, kEscape, "\\ufffd");
}

}  // namespace countersign::dialects
