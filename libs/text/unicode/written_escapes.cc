#include "libs/text/unicode/written_escapes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/base/hex_digits.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::unicode {
namespace {

constexpr std::size_t kMaxBackslashes = 15;
constexpr std::size_t kMaxNested = 3;  // %25 and &amp; before an escape
constexpr std::size_t kMaxControlBytes = 32;
constexpr WrittenEscape kNone;
constexpr WrittenEscape kUnfinished{0, 0, true};

bool IsQuote(char c) { return c == '"' || c == '\''; }
bool IsWhiteSpace(char c) { return c == '\n' || c == '\r' || c == '\t'; }

// What follows the escape character of a terminal, from `at` on. Without a sequence it is `alone`.
WrittenEscape ReadControl(absl::string_view text, std::size_t at, WrittenEscape alone) {
  const auto finished = [](std::size_t size) { return WrittenEscape{size, ' ', false}; };
  if (at == text.size()) return {alone.size, alone.meaning, true};
  const char kind = text[at++];
  if (kind == ']' || (kind == '\\' && text[0] == '\x1b')) return finished(at);
  if (kind == '(' || kind == ')') {
    if (at == text.size()) return {alone.size, alone.meaning, true};
    return absl::ascii_isalnum(static_cast<unsigned char>(text[at])) ? finished(at + 1) : alone;
  }
  if (kind != '[') return alone;
  const std::size_t last = at + kMaxControlBytes;
  while (at < text.size() && at < last && text[at] >= 0x20 && text[at] <= 0x3F) ++at;
  if (at == last) return alone;
  if (at == text.size()) return {alone.size, alone.meaning, true};
  return text[at] >= 0x40 && text[at] <= 0x7E ? finished(at + 1) : alone;
}

// Whether text[at ..] begins with `expected`, or may once more text comes.
enum class Follows { kNo, kMaybe, kYes };
Follows Compare(absl::string_view text, std::size_t at, absl::string_view expected) {
  const absl::string_view rest = text.substr(at, expected.size());
  if (rest == expected) return Follows::kYes;
  return absl::StartsWith(expected, rest) && at + rest.size() == text.size() ? Follows::kMaybe
                                                                             : Follows::kNo;
}

WrittenEscape ReadBackslash(absl::string_view text) {
  const std::size_t slashes = std::min(text.find_first_not_of('\\'), text.size());
  if (slashes > kMaxBackslashes) return kNone;
  if (slashes == text.size()) return kUnfinished;
  const char letter = text[slashes];
  const std::size_t size = slashes + 1;
  switch (letter) {
    case 'n': return {size, '\n'};
    case 'r': return {size, '\r'};
    case 't': return {size, '\t'};
    case 'b':
    case 'f': return {size, kEscapedMark};
    case '/': return {size, '/'};
    case '"':
    case '\'': return {size, kEscapedQuote};
    case 'e': return ReadControl(text, size, kNone);
    default: break;
  }
  if (letter == '0') {
    const Follows follows = Compare(text, slashes, "033");
    if (follows == Follows::kMaybe) return kUnfinished;
    return follows == Follows::kYes ? ReadControl(text, slashes + 3, kNone) : kNone;
  }
  if (letter != 'x') return kNone;
  const absl::string_view digits = text.substr(size, 2);
  if (!std::all_of(digits.begin(), digits.end(), IsHexDigit)) return kNone;
  if (digits.size() < 2) return kUnfinished;
  const auto value = static_cast<unsigned char>(*ParseHex(digits));
  if (value == 0x1B) return ReadControl(text, size + 2, {size + 2, kEscapedMark});
  if (value >= 0x7F) return kNone;
  const char c = static_cast<char>(value);
  const char meaning = IsQuote(c) ? kEscapedQuote : c;
  return {size + 2, value < 0x20 && !IsWhiteSpace(c) ? kEscapedMark : meaning};
}

WrittenEscape ReadPercent(absl::string_view text) {
  std::size_t at = 1;
  for (std::size_t nested = 0;; ++nested) {
    const absl::string_view digits = text.substr(at, 2);
    if (!std::all_of(digits.begin(), digits.end(), IsHexDigit)) break;
    if (digits.size() < 2) return kUnfinished;
    at += 2;
    if (digits == "25" && nested < kMaxNested) continue;
    const auto value = static_cast<unsigned char>(*ParseHex(digits));
    const char c = static_cast<char>(value);
    if (value >= 0x7F || absl::ascii_isalnum(value) || absl::StrContains("-._~@%", c)) return kNone;
    if (IsQuote(c)) return {at, kEscapedQuote};
    return {at, IsWhiteSpace(c) || absl::StrContains("=&:,;", c) ? c : kEscapedMark};
  }
  return kNone;
}

// The number of a reference such as &#39; or &#x27; without its end: an ASCII character or 0.
unsigned char ReadReference(absl::string_view name) {
  const bool hex = absl::StartsWith(name, "#x") || absl::StartsWith(name, "#X");
  const absl::string_view digits = name.substr(hex ? 2 : 1);
  unsigned value = 0;
  for (const char c : digits) {
    if (hex ? !IsHexDigit(c) : !absl::ascii_isdigit(static_cast<unsigned char>(c))) return 0;
    value = value * (hex ? 16 : 10) + *ParseHex(absl::string_view(&c, 1));
    if (value >= 0x7F) return 0;
  }
  return static_cast<unsigned char>(value);
}

char ReferenceMeaning(absl::string_view name) {
  static constexpr std::array<std::pair<absl::string_view, char>, 6> kNames = {{
      {"lt", '<'},
      {"gt", '>'},
      {"amp", '&'},
      {"quot", kEscapedQuote},
      {"apos", kEscapedQuote},
      {"nbsp", ' '},
  }};
  for (const auto& [known, meaning] : kNames) {
    if (name == known) return meaning;
  }
  if (!absl::StartsWith(name, "#")) return 0;
  const char c = static_cast<char>(ReadReference(name));
  if (IsQuote(c)) return kEscapedQuote;
  return c < 0x20 && !IsWhiteSpace(c) ? '\0' : c;
}

// Whether a reference may begin with `name`.
bool MayBeReference(absl::string_view name) {
  constexpr std::size_t kLongest = 5;
  if (name.empty()) return true;
  if (name[0] == '#') {
    return name.size() <= kLongest && std::all_of(name.begin() + 1, name.end(), [](char c) {
             return IsHexDigit(c) || c == 'x' || c == 'X';
           });
  }
  for (const absl::string_view known : {"lt", "gt", "amp", "quot", "apos", "nbsp"}) {
    if (absl::StartsWith(known, name)) return true;
  }
  return false;
}

WrittenEscape ReadAmpersand(absl::string_view text) {
  WrittenEscape read;  // &amp;, which may go on
  std::size_t at = 1;
  for (std::size_t nested = 0; nested <= kMaxNested; ++nested) {
    std::size_t end = at;
    while (end < text.size() && text[end] != ';' && MayBeReference(text.substr(at, end + 1 - at))) {
      ++end;
    }
    if (end == text.size()) {
      read.unfinished = true;
      return read;
    }
    if (text[end] != ';') return read;
    const char meaning = ReferenceMeaning(text.substr(at, end - at));
    if (meaning == 0) return read;
    read = {end + 1, meaning};
    if (meaning != '&') return read;
    at = end + 1;
  }
  return read;
}

}  // namespace

WrittenEscape ReadWrittenEscape(absl::string_view text) {
  switch (text[0]) {
    case '\\': return ReadBackslash(text);
    case '%': return ReadPercent(text);
    case '&': return ReadAmpersand(text);
    case '\x1b': return ReadControl(text, 1, kNone);
    case '\a': return {1, ' '};
    default: return kNone;
  }
}

}  // namespace countersign::text::unicode
