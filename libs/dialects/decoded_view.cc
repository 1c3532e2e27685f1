#include "libs/dialects/decoded_view.h"

#include <cstdint>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/hex_digits.h"
#include "libs/base/utf8.h"
#include "libs/json/surrogates.h"

namespace countersign::dialects {
namespace {

constexpr int kRounds = 4;

struct Escape {
  std::size_t size = 0;  // 0: none stands here
  std::uint32_t code_point = 0;
};

Escape HexEscape(absl::string_view text, std::size_t prefix, std::size_t digits) {
  if (text.size() < prefix + digits) return {};
  const auto value = ParseHex(text.substr(prefix, digits));
  return value ? Escape{prefix + digits, *value} : Escape{};
}

Escape BackslashEscape(absl::string_view text) {
  std::size_t at = text.find_first_not_of('\\');
  if (at == absl::string_view::npos) return {};
  if (text[at] == 'u') {
    const Escape unit = HexEscape(text, at + 1, 4);
    if (!json::IsHighSurrogate(unit.code_point)) return unit;
    const absl::string_view rest = text.substr(unit.size);
    const std::size_t u = rest.find_first_not_of('\\');
    if (u == 0 || u == absl::string_view::npos || rest[u] != 'u') return unit;
    const Escape low = HexEscape(rest, u + 1, 4);
    if (!json::IsLowSurrogate(low.code_point)) return unit;
    return {unit.size + low.size, json::JoinSurrogates(unit.code_point, low.code_point)};
  }
  if (text[at] == 'x') return HexEscape(text, at + 1, 2);
  constexpr absl::string_view kLetters = "nrtbf\"/'";
  constexpr absl::string_view kMeanings = "\n\r\t\b\f\"/'";
  const std::size_t letter = kLetters.find(text[at]);
  if (letter == absl::string_view::npos) return {};
  return {at + 1, static_cast<unsigned char>(kMeanings[letter])};
}

Escape Reference(absl::string_view text) {
  const std::size_t end = text.substr(0, 12).find(';');
  if (end == absl::string_view::npos || end < 3) return {};
  const absl::string_view name = text.substr(1, end - 1);
  std::uint32_t value = 0;
  if (name[0] == '#' && (name[1] == 'x' || name[1] == 'X')) {
    const auto hex = ParseHex(name.substr(2));
    if (!hex || name.size() > 8) return {};
    value = *hex;
  } else if (name[0] != '#' || !absl::SimpleAtoi(name.substr(1), &value)) {
    value = name == "amp"    ? '&'
            : name == "lt"   ? '<'
            : name == "gt"   ? '>'
            : name == "quot" ? '"'
            : name == "nbsp" ? ' '
                             : 0;
  }
  return value == 0 ? Escape{} : Escape{end + 1, value};
}

Escape EscapeAt(absl::string_view text) {
  switch (text[0]) {
    case '\\': return BackslashEscape(text);
    case '&': return Reference(text);
    case '%': {
      const Escape escape = HexEscape(text, 1, 2);
      return escape.code_point < 0x80 ? escape : Escape{};  // others are half a character
    }
    default: return {};
  }
}

}  // namespace

std::string DecodedView(absl::string_view text) {
  std::string view(text);
  for (int round = 0; round < kRounds; ++round) {
    std::string next;
    for (std::size_t at = 0; at < view.size();) {
      const Escape escape = EscapeAt(absl::string_view(view).substr(at));
      const std::string decoded = escape.size > 0 ? EncodeUtf8(escape.code_point) : "";
      if (decoded.empty()) {
        next += view[at++];
      } else {
        next += decoded;
        at += escape.size;
      }
    }
    if (next == view) break;
    view = std::move(next);
  }
  return view;
}

}  // namespace countersign::dialects
