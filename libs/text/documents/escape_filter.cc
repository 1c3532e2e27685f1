#include "libs/text/documents/escape_filter.h"

#include <algorithm>
#include <optional>
#include <string>

#include "libs/base/hex_digits.h"
#include "libs/base/utf8.h"
#include "libs/json/surrogates.h"

namespace countersign::text::documents {
namespace {

using Kind = Place::Kind;

constexpr std::size_t kMaxBackslashes = 64;
constexpr std::size_t kMaxSpelled = 32 * 1024;  // so that the length of a spelling fits 16 bits
bool IsOctalDigit(char c) { return c >= '0' && c <= '7'; }

constexpr absl::string_view kLetters = "nrtbf\"'/";
constexpr absl::string_view kMeanings = "\n\r\t\b\f\"'/";

// One escape at the beginning of the waiting characters: backslashes, a letter, digits.
struct Escape {
  std::size_t slashes = 0;
  char letter = '\0';        // none yet
  absl::string_view digits;  // so far
  absl::string_view rest;    // after its last possible digit

  bool octal() const { return letter == '0' || letter == '1'; }
  std::size_t digits_wanted() const { return letter == 'u' ? 4 : letter == 'x' || octal() ? 2 : 0; }
  bool complete() const { return letter != '\0' && digits.size() == digits_wanted(); }
};

Escape ParseEscape(absl::string_view text) {
  Escape escape;
  escape.slashes = std::min(text.find_first_not_of('\\'), text.size());
  text.remove_prefix(escape.slashes);
  if (text.empty()) return escape;
  escape.letter = text[0];
  text.remove_prefix(1);
  escape.digits = text.substr(0, escape.digits_wanted());
  escape.rest = text.substr(escape.digits.size());
  return escape;
}

}  // namespace

void EscapeFilter::Add(absl::string_view decoded, absl::string_view spelled, Place place,
                       Characters& out) {
  if (!waiting_.empty() && !Extends(decoded, place)) Settle(out);
  const bool may_escape = place.kind == Kind::kPlain || place.kind == Kind::kString;
  if (waiting_.empty() && !(may_escape && decoded == "\\")) return out.Add(decoded, spelled, place);
  place_ = place;
  waiting_.Add(decoded, spelled);
  Resolve(out);
}

// True if this character continues the waiting escape.
bool EscapeFilter::Extends(absl::string_view decoded, Place place) const {
  if (decoded.size() != 1 || !(place_ == place) || held() > kMaxSpelled) return false;
  const char c = decoded[0];
  Escape escape = ParseEscape(waiting_.decoded());
  // The first half of a surrogate pair is followed by another escape.
  if (escape.complete()) {
    if (escape.rest.empty()) return c == '\\';
    escape = ParseEscape(escape.rest);
    if (escape.letter == '\0' && c != '\\') return c == 'u';
  }
  if (escape.letter != '\0') return escape.octal() ? IsOctalDigit(c) : IsHexDigit(c);
  if (c == '\\') return escape.slashes < kMaxBackslashes;
  if (c == 'u') return true;
  if (escapes_ == Escapes::kOctal && (c == '0' || c == '1')) return true;
  return escapes_ != Escapes::kUnicode && (c == 'x' || kLetters.find(c) != absl::string_view::npos);
}

// Outputs a complete escape as one character.
void EscapeFilter::Resolve(Characters& out) {
  const Escape escape = ParseEscape(waiting_.decoded());
  if (!escape.complete()) return;
  const std::size_t letter = kLetters.find(escape.letter);
  if (letter != absl::string_view::npos) {
    return Means(static_cast<unsigned char>(kMeanings[letter]), out);
  }
  if (escape.octal()) {
    const auto value = [](char c) { return static_cast<std::uint32_t>(c - '0'); };
    return Means(value(escape.letter) * 64 + value(escape.digits[0]) * 8 + value(escape.digits[1]),
                 out);
  }
  const std::uint32_t unit = *ParseHex(escape.digits);
  if (escape.letter == 'u' && json::IsHighSurrogate(unit)) {
    const Escape low = ParseEscape(escape.rest);
    if (escape.rest.empty() || !low.complete()) return;  // its other half may follow
    const std::uint32_t other = *ParseHex(low.digits);
    if (!json::IsLowSurrogate(other)) return Settle(out);
    return Means(json::JoinSurrogates(unit, other), out);
  }
  Means(unit, out);
}

void EscapeFilter::Means(std::uint32_t code_point, Characters& out) {
  const std::string meaning = EncodeUtf8(code_point);
  if (meaning.empty()) return Settle(out);  // a lone surrogate has no meaning
  const std::string spelled = waiting_.TakeSpelling(waiting_.size());
  out.Add(meaning, spelled, place_);
}

void EscapeFilter::AddPlain(absl::string_view text, Characters& out) {
  while (!text.empty()) {
    if (waiting_.empty()) {
      const std::size_t clear = std::min(text.find('\\'), text.size());
      if (clear > 0) out.AddPlain(text.substr(0, clear));
      text.remove_prefix(clear);
      if (text.empty()) return;
    }
    Add(text.substr(0, 1), text.substr(0, 1), Place{}, out);
    text.remove_prefix(1);
  }
}

void EscapeFilter::Settle(Characters& out) {
  waiting_.Release([&](absl::string_view decoded, absl::string_view spelled) {
    out.Add(decoded, spelled, place_);
  });
}

}  // namespace countersign::text::documents
