#include "services/edge/call/answer/credential_patterns.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "libs/base/hex_digits.h"
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

bool BeginsEscape(char c) { return c == '\\' || c == '%' || c == '&'; }

// How a text spells one byte at its beginning.
struct Spelling {
  std::size_t size = 0;  // 0: it does not
  bool is_cut = false;   // the text ends, and may go on so that it does
};

// `digits` begins with the number `expected`, or is the beginning of it.
Spelling ReadDigits(absl::string_view digits, std::size_t before, absl::string_view expected) {
  const absl::string_view read = digits.substr(0, expected.size());
  if (!absl::StartsWithIgnoreCase(expected, read)) return {};
  if (read.size() < expected.size()) return {0, true};
  return {before + expected.size()};
}

// `\u002d`, `\x2d` and `\/`, however often their backslash is escaped.
Spelling ReadBackslashes(absl::string_view text, unsigned char byte) {
  const std::size_t at = text.find_first_not_of('\\');
  if (at == absl::string_view::npos) return {0, true};
  const absl::string_view digits = text.substr(at + 1);
  if (text[at] == 'u') {
    return ReadDigits(digits, at + 1, absl::StrCat(absl::Hex(byte, absl::kZeroPad4)));
  }
  if (text[at] == 'x') {
    return ReadDigits(digits, at + 1, absl::StrCat(absl::Hex(byte, absl::kZeroPad2)));
  }
  const bool escapes_itself = absl::StrContains("/\"'", text[at]);
  return {escapes_itself && LowerByte(text[at]) == byte ? at + 1 : 0};
}

// `&#45;` and `&#x2d;`, with or without their semicolon.
Spelling ReadReference(absl::string_view text, unsigned char byte) {
  if (text.size() < 3) return {0, absl::StartsWith("&#", text)};
  if (text[1] != '#') return {};
  const bool is_hex = text[2] == 'x' || text[2] == 'X';
  const std::size_t at = text.find_first_not_of('0', is_hex ? 3 : 2);
  if (at == absl::string_view::npos) return {0, true};
  const std::string number = is_hex ? absl::StrCat(absl::Hex(byte)) : absl::StrCat(int{byte});
  Spelling spelling = ReadDigits(text.substr(at), at, number);
  if (spelling.size == 0 || spelling.size == text.size()) return spelling;
  const int next = HexDigitValue(text[spelling.size]);
  if (next >= 0 && (is_hex || next < 10)) return {};  // a longer number
  if (text[spelling.size] == ';') ++spelling.size;
  return spelling;
}

Spelling ReadEscape(absl::string_view text, unsigned char byte) {
  switch (text[0]) {
    case '\\': return ReadBackslashes(text, byte);
    case '%': return ReadDigits(text.substr(1), 1, absl::StrCat(absl::Hex(byte, absl::kZeroPad2)));
    case '&': return ReadReference(text, byte);
    default: return {};
  }
}

// Reads the byte `lower`, or its upper case. REQUIRES: `text` is not empty.
Spelling ReadByte(absl::string_view text, char lower) {
  Spelling spelling;
  if (BeginsEscape(text[0])) {
    const auto byte = static_cast<unsigned char>(lower);
    spelling = ReadEscape(text, byte);
    const auto upper = static_cast<unsigned char>(absl::ascii_toupper(byte));
    if (spelling.size == 0 && upper != byte) {
      const Spelling other = ReadEscape(text, upper);
      spelling = {other.size, spelling.is_cut || other.is_cut};
    }
  }
  const bool plain = LowerByte(text[0]) == LowerByte(lower) || (lower == ' ' && text[0] == '+');
  if (spelling.size == 0 && plain) spelling.size = 1;
  return spelling;
}

// How a text begins with a pattern, each byte of which may be escaped. `read`: the bytes of the
// pattern that it spells.
Spelling ReadPattern(absl::string_view text, absl::string_view pattern, std::size_t& read) {
  read = 0;
  if (absl::StartsWithIgnoreCase(text, pattern)) return {read = pattern.size()};
  std::size_t at = 0;
  for (; read < pattern.size(); ++read) {
    if (at == text.size()) return {0, true};
    const Spelling spelling = ReadByte(text.substr(at), pattern[read]);
    if (spelling.size == 0) return spelling;
    at += spelling.size;
  }
  return {at};
}

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
  constexpr std::size_t kForms = 9;
  patterns_.reserve(patterns_.size() + kForms);  // moving a secret overwrites where it was
  AddPattern(std::string(secret));
  const std::string quoted = json::Quote(secret);
  AddPattern(quoted.substr(1, quoted.size() - 2));
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
  const auto plain = [](char c) { return c == ' ' ? std::string(" +") : std::string(1, c); };
  for (const char first : plain(pattern[0])) {
    for (const char second : plain(pattern[1]) + "\\%&") starts_.set(Start(first, second));
  }
  for (const char first : plain(pattern[0]) + "\\%&") {
    firsts_.set(static_cast<unsigned char>(first));
    firsts_.set(static_cast<unsigned char>(absl::ascii_toupper(static_cast<unsigned char>(first))));
  }
  patterns_.emplace_back(std::move(pattern));
}

inline bool CredentialPatterns::MayBegin(absl::string_view text, std::size_t at) const {
  if (!firsts_[static_cast<unsigned char>(text[at])]) return false;
  // A run of backslashes is one escape, from its first one on.
  if (text[at] == '\\') return at == 0 || text[at - 1] != '\\';
  if (BeginsEscape(text[at])) return true;
  return at + 1 == text.size() || starts_[Start(text[at], text[at + 1])];
}

std::optional<CredentialPatterns::Match> CredentialPatterns::Find(absl::string_view text,
                                                                  std::size_t from) const {
  if (empty()) return std::nullopt;
  for (std::size_t at = from; at < text.size(); ++at) {
    if (!MayBegin(text, at)) continue;
    std::size_t size = 0, read = 0;
    for (const SecretString& pattern : patterns_) {
      size = std::max(size, ReadPattern(text.substr(at), pattern.Reveal(), read).size);
    }
    if (size > 0) return Match{at, at + size};
  }
  return std::nullopt;
}

CredentialPatterns::OpenEnd CredentialPatterns::FindOpenEnd(absl::string_view text) const {
  OpenEnd end;
  if (empty()) return end;
  const std::size_t window = std::min(longest_ * kLongestSpelling, text.size());
  for (std::size_t at = text.size() - window; at < text.size(); ++at) {
    if (!MayBegin(text, at)) continue;
    for (const SecretString& pattern : patterns_) {
      std::size_t read = 0;
      if (!ReadPattern(text.substr(at), pattern.Reveal(), read).is_cut) continue;
      end = {text.size() - at, std::max(end.of_match, read)};
    }
    if (end.size > 0) break;
  }
  return end;
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
