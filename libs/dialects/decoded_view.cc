#include "libs/dialects/decoded_view.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "libs/base/hex_digits.h"
#include "libs/base/utf8.h"
#include "libs/json/surrogates.h"

namespace countersign::dialects {
namespace {

constexpr int kRounds = 4;

struct Escape {
  std::size_t size = 0;  // 0: not an escape
  std::uint32_t code_point = 0;
};

Escape HexEscape(absl::string_view text, std::size_t prefix, std::size_t digits) {
  if (text.size() < prefix + digits) return {};
  const auto value = ParseHex(text.substr(prefix, digits));
  return value ? Escape{prefix + digits, *value} : Escape{};
}

// `{34}` after `\u` or `\x`, as some languages write it.
Escape BracedEscape(absl::string_view text, std::size_t prefix) {
  constexpr std::size_t kMostDigits = 8;
  if (text.size() <= prefix || text[prefix] != '{') return {};
  const std::size_t end = text.substr(0, prefix + kMostDigits + 2).find('}', prefix);
  if (end == absl::string_view::npos || end == prefix + 1) return {};
  const auto value = ParseHex(text.substr(prefix + 1, end - prefix - 1));
  return value && *value <= 0x10ffff ? Escape{end + 1, static_cast<std::uint32_t>(*value)}
                                     : Escape{};
}

bool IsOctalDigit(char c) { return c >= '0' && c <= '7'; }

// `\064`: up to three digits, one byte.
Escape OctalEscape(absl::string_view text, std::size_t prefix) {
  Escape escape{prefix, 0};
  while (escape.size < std::min(prefix + 3, text.size()) && IsOctalDigit(text[escape.size])) {
    escape.code_point =
        escape.code_point * 8 + static_cast<std::uint32_t>(text[escape.size++] - '0');
  }
  const bool is_text = escape.code_point >= 0x20 && escape.code_point < 0x7f;
  return is_text && escape.size >= prefix + 2 ? escape : Escape{};
}

Escape BackslashEscape(absl::string_view text) {
  std::size_t at = text.find_first_not_of('\\');
  if (at == absl::string_view::npos) return {};
  const Escape braced = text[at] == 'u' || text[at] == 'x' ? BracedEscape(text, at + 1) : Escape{};
  if (braced.size > 0) return braced;
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
  if (text[at] == 'U') {
    const Escape wide = HexEscape(text, at + 1, 8);
    return wide.code_point <= 0x10ffff ? wide : Escape{};
  }
  if (text[at] == 'x') return HexEscape(text, at + 1, 2);
  if (IsOctalDigit(text[at])) return OctalEscape(text, at);
  constexpr absl::string_view kLetters = "nrtbf\"/'";
  constexpr absl::string_view kMeanings = "\n\r\t\b\f\"/'";
  const std::size_t letter = kLetters.find(text[at]);
  if (letter == absl::string_view::npos) return {};
  return {at + 1, static_cast<unsigned char>(kMeanings[letter])};
}

// `&#52` and `&#x34`, with or without their semicolon, as browsers read them.
Escape NumericReference(absl::string_view text) {
  const bool hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  Escape escape{hex ? std::size_t{3} : std::size_t{2}, 0};
  const std::size_t first = escape.size;
  while (escape.size < text.size() && text[escape.size] == '0') ++escape.size;
  const std::size_t most = escape.size + 8;
  for (; escape.size < text.size() && escape.size < most; ++escape.size) {
    const int digit = HexDigitValue(text[escape.size]);
    if (digit < 0 || (!hex && digit > 9)) break;
    escape.code_point = escape.code_point * (hex ? 16 : 10) + static_cast<std::uint32_t>(digit);
  }
  if (escape.size == first || escape.code_point == 0 || escape.code_point > 0x10ffff) return {};
  if (escape.size < text.size() && text[escape.size] == ';') ++escape.size;
  return escape;
}

struct NamedReference {
  absl::string_view name;
  std::uint32_t code_point;
  bool needs_semicolon = true;
};

// A name that is not known here (`&ZeroWidthSpace;`) may stand between the digits of a number: it
// is read as a soft hyphen, which detectors see through.
Escape Reference(absl::string_view text) {
  constexpr std::size_t kLongestName = 32;
  constexpr std::uint32_t kSoftHyphen = 0xad;
  constexpr NamedReference kNames[] = {
      {"amp", '&', false},  {"lt", '<', false},   {"gt", '>', false},
      {"quot", '"', false}, {"nbsp", ' ', false}, {"shy", kSoftHyphen, false},
      {"apos", '\''},       {"commat", '@'},      {"period", '.'},
      {"lowbar", '_'},      {"sol", '/'},         {"colon", ':'},
      {"plus", '+'},        {"equals", '='},      {"hyphen", '-'},
      {"dash", '-'},        {"Tab", '\t'},        {"NewLine", '\n'}};
  if (text.size() > 1 && text[1] == '#') return NumericReference(text);
  const absl::string_view rest = text.substr(1);
  const auto is_letter = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); };
  const auto size = static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_letter) -
                                             rest.begin());
  const bool closed = size < rest.size() && rest[size] == ';' && size <= kLongestName;
  for (const NamedReference& known : kNames) {
    if (closed && rest.substr(0, size) == known.name) return {size + 2, known.code_point};
  }
  for (const NamedReference& known : kNames) {
    if (!closed && !known.needs_semicolon && absl::StartsWith(rest, known.name)) {
      return {1 + known.name.size(), known.code_point};
    }
  }
  return closed && size > 1 ? Escape{size + 2, kSoftHyphen} : Escape{};
}

constexpr absl::string_view kCdata = "<![CDATA[", kCdataEnd = "]]>";

// Where a tag ends: at the first `>` outside of the quoted values of attributes.
std::size_t FindTagEnd(absl::string_view text) {
  char quote = '\0';
  bool value = false;  // an attribute's value begins here
  for (std::size_t at = 1; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '>') {
      return at;
    } else if (value && (c == '"' || c == '\'')) {
      quote = c;
      value = false;
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      value = c == '=';
    }
  }
  return text.find('>');  // a quote that is not closed is none
}

// The length of an HTML tag or comment at the beginning of `text`; 0 if there is none.
std::size_t TagSize(absl::string_view text) {
  constexpr std::size_t kLongestTag = 1024;
  if (text.size() < 3 || text[0] != '<') return 0;
  const absl::string_view near = text.substr(0, kLongestTag);
  if (absl::StartsWith(text, "<!--")) {
    const std::size_t end = near.find("-->", 2);
    if (end != absl::string_view::npos) return end + 3;
  }
  if (absl::StartsWith(text, kCdata)) {
    const std::size_t end = near.find(kCdataEnd);
    if (end != absl::string_view::npos) return end + kCdataEnd.size();
  }
  const bool opens = absl::ascii_isalpha(static_cast<unsigned char>(text[1])) || text[1] == '/' ||
                     text[1] == '!' || text[1] == '?';
  const std::size_t end = opens ? FindTagEnd(near) : absl::string_view::npos;
  return end == absl::string_view::npos ? 0 : end + 1;
}

Escape EscapeAt(absl::string_view text) {
  switch (text[0]) {
    case '\\': return BackslashEscape(text);
    case '&': return Reference(text);
    case '%': {
      if (text.size() > 1 && text[1] == 'u') return HexEscape(text, 2, 4);
      const Escape escape = HexEscape(text, 1, 2);
      // Other bytes are part of a multi-byte character.
      return escape.code_point < 0x80 ? escape : Escape{};
    }
    default: return {};
  }
}

std::string WithoutTags(absl::string_view text) {
  std::string rest;
  while (!text.empty()) {
    const std::size_t tag = TagSize(text);
    if (tag == 0) rest += text[0];
    text.remove_prefix(std::max<std::size_t>(tag, 1));
  }
  return rest;
}

std::string Decode(std::string view) {
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
    next = WithoutTags(next);
    if (next == view) break;
    view = std::move(next);
  }
  return view;
}

}  // namespace

std::vector<std::string> DecodedViews(absl::string_view text) {
  std::vector<std::string> views = {Decode(std::string(text))};
  if (absl::StrContains(text, kCdata)) {
    views.push_back(Decode(absl::StrReplaceAll(text, {{kCdata, ""}, {kCdataEnd, ""}})));
  }
  std::erase(views, text);
  return views;
}

}  // namespace countersign::dialects
