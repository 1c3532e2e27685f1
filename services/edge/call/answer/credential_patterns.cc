#include "services/edge/call/answer/credential_patterns.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "libs/json/writer.h"

namespace countersign::edge::call::answer {
namespace {

unsigned LowerByte(char c) {
  return static_cast<unsigned char>(absl::ascii_tolower(static_cast<unsigned char>(c)));
}

// A bit of the set of starts. Some pairs of bytes share one.
unsigned Start(char first, char second) {
  return (LowerByte(first) << 4 ^ LowerByte(second)) & 0xfff;
}

void AppendHex(std::string& text, unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  text += kDigits[byte >> 4];
  text += kDigits[byte & 15];
}

// `secret` with every byte escaped that `keep` does not accept. `escape` appends one byte's escape.
template <typename Keep, typename Escape>
std::string EscapeBytes(absl::string_view secret, Keep keep, Escape escape) {
  constexpr std::size_t kLongestEscape = 6;
  std::string text;
  text.reserve(secret.size() * kLongestEscape);
  for (const char c : secret) {
    if (keep(c)) {
      text += c;
    } else {
      escape(text, static_cast<unsigned char>(c));
    }
  }
  return text;
}

void Percent(std::string& text, unsigned char byte) {
  text += '%';
  AppendHex(text, byte);
}

void JsonEscape(std::string& text, unsigned char byte) {
  text += "\\u00";
  AppendHex(text, byte);
}

void DecimalReference(std::string& text, unsigned char byte) {
  absl::StrAppend(&text, "&#", static_cast<int>(byte), ";");
}

void HexReference(std::string& text, unsigned char byte) {
  absl::StrAppend(&text, "&#x", absl::Hex(byte), ";");
}

bool IsLetterOrDigit(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsUnreserved(char c) { return IsLetterOrDigit(c) || absl::StrContains("-_.~", c); }

bool KeepNothing(char) { return false; }

// "Bearer", "Token", "Api-Key" …
bool IsScheme(absl::string_view word) {
  constexpr std::size_t kLongest = 12;
  return word.size() <= kLongest && std::all_of(word.begin(), word.end(), [](char c) {
           return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '-';
         });
}

// The base64 characters that depend on `secret` only, if `before` other bytes (modulo three)
// precede it.
std::string InnerBase64(absl::string_view secret, std::size_t before) {
  const std::string padded = std::string(before, 'x') + std::string(secret);
  const std::string encoded = absl::Base64Escape(padded);
  const std::size_t begin = (before * 8 + 5) / 6;
  const std::size_t end = padded.size() * 8 / 6;
  return encoded.substr(begin, end - begin);
}

}  // namespace

CredentialPatterns::CredentialPatterns(const domain::CredentialLease& lease) {
  for (const domain::CredentialHeader& header : lease.headers) {
    absl::string_view secret = absl::StripAsciiWhitespace(header.value.Reveal());
    const absl::string_view scheme = secret.substr(0, secret.find(' '));
    const bool has_scheme = scheme.size() < secret.size() && IsScheme(scheme);
    if (has_scheme) secret = absl::StripAsciiWhitespace(secret.substr(scheme.size()));
    AddSecret(secret);
    std::string decoded;
    if (has_scheme && absl::EqualsIgnoreCase(scheme, "basic") &&
        absl::Base64Unescape(secret, &decoded)) {
      AddSecret(decoded);
      const std::size_t colon = decoded.find(':');
      if (colon != std::string::npos) AddSecret(absl::string_view(decoded).substr(colon + 1));
      WipeMemory(decoded.data(), decoded.size());
    }
  }
  std::stable_sort(patterns_.begin(), patterns_.end(), [](const auto& a, const auto& b) {
    return a.Reveal().size() > b.Reveal().size();
  });
  longest_ = patterns_.empty() ? 0 : patterns_.front().Reveal().size();
}

void CredentialPatterns::AddSecret(absl::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  constexpr std::size_t kForms = 20;
  patterns_.reserve(patterns_.size() + kForms);  // moving a secret overwrites where it was
  AddPattern(std::string(secret));
  const std::string quoted = json::Quote(secret);
  AddPattern(quoted.substr(1, quoted.size() - 2));
  AddPattern(absl::StrReplaceAll(secret, {{"/", "\\/"}}));
  AddPattern(EscapeBytes(secret, IsUnreserved, Percent));
  AddPattern(absl::StrReplaceAll(EscapeBytes(secret, IsUnreserved, Percent), {{"%20", "+"}}));
  AddPattern(EscapeBytes(secret, IsLetterOrDigit, Percent));  // as some encoders do
  AddPattern(EscapeBytes(secret, KeepNothing, Percent));
  AddPattern(EscapeBytes(secret, KeepNothing, JsonEscape));
  AddPattern(EscapeBytes(secret, KeepNothing, DecimalReference));
  AddPattern(EscapeBytes(secret, KeepNothing, HexReference));
  AddPattern(absl::BytesToHexString(secret));
  for (const std::size_t before : {0, 1, 2}) {
    const std::string inner = InnerBase64(secret, before);
    AddPattern(inner);
    AddPattern(absl::StrReplaceAll(inner, {{"+", "-"}, {"/", "_"}}));
  }
}

void CredentialPatterns::AddPattern(std::string pattern) {
  absl::AsciiStrToLower(&pattern);
  const bool known =
      std::any_of(patterns_.begin(), patterns_.end(),
                  [&](const SecretString& other) { return other.Reveal() == pattern; });
  if (known || pattern.size() < kShortestSecret) return;
  starts_.set(Start(pattern[0], pattern[1]));
  firsts_.set(LowerByte(pattern[0]));
  patterns_.emplace_back(std::move(pattern));
}

std::optional<CredentialPatterns::Match> CredentialPatterns::Find(absl::string_view text,
                                                                  std::size_t from) const {
  if (empty()) return std::nullopt;
  for (std::size_t at = from > longest_ ? from - longest_ : 0; at + 1 < text.size(); ++at) {
    if (!starts_.test(Start(text[at], text[at + 1]))) continue;
    for (const SecretString& pattern : patterns_) {
      const std::string& wanted = pattern.Reveal();
      if (at + wanted.size() <= from) break;  // the others are shorter
      if (absl::StartsWithIgnoreCase(text.substr(at), wanted)) {
        return Match{at, at + wanted.size()};
      }
    }
  }
  return std::nullopt;
}

std::size_t CredentialPatterns::OpenEnd(absl::string_view text) const {
  if (empty() || text.empty()) return 0;
  for (std::size_t size = std::min(longest_ - 1, text.size()); size > 1; --size) {
    const absl::string_view end = text.substr(text.size() - size);
    if (!starts_.test(Start(end[0], end[1]))) continue;
    for (const SecretString& pattern : patterns_) {
      if (pattern.Reveal().size() > size && absl::StartsWithIgnoreCase(pattern.Reveal(), end)) {
        return size;
      }
    }
  }
  return firsts_.test(LowerByte(text.back())) ? 1 : 0;
}

bool CredentialPatterns::Overwrite(std::string& bytes) const {
  bool found = false;
  std::size_t from = 0;
  while (const std::optional<Match> match = Find(bytes, from)) {
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(match->begin),
              bytes.begin() + static_cast<std::ptrdiff_t>(match->end), '*');
    from = match->end;
    found = true;
  }
  return found;
}

}  // namespace countersign::edge::call::answer
