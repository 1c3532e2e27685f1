#include "services/masking/custom_shapes.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/crypto/hash.h"
#include "libs/text/regex/pattern_edges.h"
#include "libs/text/unicode/word_edges.h"
#include "services/masking/named_validators.h"

namespace countersign::masking {
namespace {

constexpr std::size_t kMaxTemplateBytes = 256;

absl::StatusOr<text::regex::Regex> Compiled(absl::string_view pattern) {
  CS_RETURN_IF_ERROR(text::regex::CheckRegex(pattern));
  return text::regex::ParseRegex(pattern);
}

// A character of a pattern that stands for itself.
using Literal = std::optional<std::uint32_t>;

// The character that a pattern begins with, behind its flags; nothing for a class, a group, an
// escape, or what may be missing.
Literal FirstLiteral(absl::string_view pattern) {
  absl::ConsumePrefix(&pattern, "(?i)");
  if (pattern.empty() || absl::StrContains("([.\\^|", pattern[0])) return std::nullopt;
  const Utf8Char first = DecodeUtf8(pattern, 0);
  const absl::string_view rest = pattern.substr(first.size);
  const bool optional = !rest.empty() && absl::StrContains("*?{|", rest[0]);
  return first.valid && !optional ? Literal(first.code_point) : std::nullopt;
}

// The character that a pattern ends with, before marks on it.
Literal LastLiteral(absl::string_view pattern) {
  while (!pattern.empty() && !absl::StrContains(")]}.*+?$|", pattern.back())) {
    std::size_t begin = pattern.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(pattern[begin]) & 0xc0) == 0x80) --begin;
    if (begin > 0 && pattern[begin - 1] == '\\') return std::nullopt;
    const Utf8Char last = DecodeUtf8(pattern, begin);
    if (!last.valid) return std::nullopt;
    if (!text::unicode::IsPassedByWordEdges(last.code_point)) return last.code_point;
    pattern = pattern.substr(0, begin);
  }
  return std::nullopt;
}

// True for a character that has an edge of a word on both sides: punctuation, and letters of
// scripts without spaces between words (word_edges.h).
bool HasEdges(const Literal& character) {
  return character && !text::unicode::IsWordCharacter(*character);
}

// What may not follow a match that must end at the edge of a word: the bytes with which characters
// of words begin, in ASCII and in scripts with spaces between words (Latin, Greek, Cyrillic, Arabic
// …). The lead bytes 0xe0 and 0xe1 are also those of Thai, Lao, Myanmar and Khmer, so they are
// forbidden only behind a letter of theirs (Devanagari, Georgian …).
text::regex::ByteSet ForbiddenAfter(absl::string_view pattern) {
  const Literal last = LastLiteral(pattern);
  if (HasEdges(last)) return {};
  text::regex::ByteSet forbidden =
      text::regex::ByteSet::Word() | text::regex::ByteSet::Range(0xc3, 0xdf);
  if (last && *last >= 0x800 && *last < 0x1000) {
    forbidden = forbidden | text::regex::ByteSet::Range(0xe0, 0xe0);
  }
  if (last && *last >= 0x1000 && *last < 0x2000) {
    forbidden = forbidden | text::regex::ByteSet::Range(0xe1, 0xe1);
  }
  return forbidden;
}

// Requires that no word character is next to a match.
void StandAlone(text::redaction::RedactionRule& shape) {
  shape.left_forbidden = shape.left_forbidden | text::regex::ByteSet::Word();
  shape.right_forbidden = shape.right_forbidden | text::regex::ByteSet::Word();
}

text::redaction::Validator Both(text::redaction::Validator first,
                                text::redaction::Validator second) {
  if (first == nullptr) return second;
  return [first = std::move(first), second = std::move(second)](absl::string_view match) {
    return first(match) && second(match);
  };
}

// Adds `value` and every part of it that starts and ends at a word boundary. Otherwise a shorter
// match within an excepted value (`a@b.co` in `a@b.co.uk`) would be masked.
void AddParts(const std::string& value, absl::flat_hash_set<std::string>& parts) {
  constexpr std::size_t kMostEdges = 32;
  const auto word = [&](std::size_t i) {
    return i < value.size() && text::regex::IsWordByte(static_cast<unsigned char>(value[i]));
  };
  std::vector<std::size_t> edges = {0};
  for (std::size_t i = 1; i < value.size() && edges.size() < kMostEdges; ++i) {
    if (!word(i - 1) || !word(i)) edges.push_back(i);
  }
  edges.push_back(value.size());
  for (std::size_t a = 0; a < edges.size(); ++a) {
    for (std::size_t b = a + 1; b < edges.size(); ++b) {
      parts.insert(value.substr(edges[a], edges[b] - edges[a]));
    }
  }
}

absl::StatusOr<text::redaction::RedactionRule> HashedShape(
    const domain::MaskingRule::Hashed& hashed) {
  text::redaction::RedactionRule shape;
  CS_ASSIGN_OR_RETURN(shape.regex, Compiled(hashed.pattern));
  StandAlone(shape);
  absl::flat_hash_set<std::string> values(hashed.values.begin(), hashed.values.end());
  shape.validator = [values = std::move(values), key = hashed.key](absl::string_view match) {
    return values.contains(HashValue(match, key));
  };
  return shape;
}

}  // namespace

absl::StatusOr<std::string> TemplateToPattern(absl::string_view shape) {
  if (shape.size() > kMaxTemplateBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a template has at most ", kMaxTemplateBytes, " bytes"));
  }
  std::string pattern;
  bool placeholder = false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    char c = shape[i];
    const absl::string_view meaning = c == '#'   ? "[0-9]"
                                      : c == 'A' ? "[A-Z]"
                                      : c == 'a' ? "[a-z]"
                                      : c == '*' ? "[0-9A-Za-z]"
                                                 : "";
    placeholder |= !meaning.empty();
    pattern.append(meaning.data(), meaning.size());
    if (!meaning.empty()) continue;
    if (c == '\\') {
      if (++i == shape.size()) {
        return absl::InvalidArgumentError(absl::StrCat("at byte ", i - 1, ": nothing follows \\"));
      }
      c = shape[i];
    }
    if (absl::ascii_ispunct(static_cast<unsigned char>(c))) pattern += '\\';
    pattern += c;
  }
  if (!placeholder) {
    return absl::InvalidArgumentError(
        "a template needs at least one of # A a *; put fixed words into a dictionary");
  }
  return pattern;
}

std::string NormalizedForHash(absl::string_view value) {
  std::string normalized;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isspace(byte) || absl::ascii_ispunct(byte)) continue;
    normalized += absl::ascii_tolower(byte);
  }
  return normalized;
}

std::string HashValue(absl::string_view value, const SecretString& key) {
  const std::string normalized = NormalizedForHash(value);
  return HexEncode(key.empty() ? crypto::Sha256(normalized)
                               : crypto::HmacSha256(key.Reveal(), normalized));
}

absl::StatusOr<std::vector<text::redaction::RedactionRule>> CustomShapes(
    const domain::MaskingRule& rule) {
  std::vector<text::redaction::RedactionRule> shapes;
  if (rule.hashed) {
    CS_ASSIGN_OR_RETURN(shapes.emplace_back(), HashedShape(*rule.hashed));
    return shapes;
  }
  if (!rule.shape.empty()) {
    CS_ASSIGN_OR_RETURN(const std::string pattern, TemplateToPattern(rule.shape));
    CS_ASSIGN_OR_RETURN(shapes.emplace_back().regex, Compiled(pattern));
    StandAlone(shapes.back());
    return shapes;
  }
  CS_ASSIGN_OR_RETURN(const auto parts, text::regex::ResolveStoredWordEdges(rule.pattern));
  for (const text::regex::EdgedPattern& part : parts) {
    text::redaction::RedactionRule& shape = shapes.emplace_back();
    CS_ASSIGN_OR_RETURN(shape.regex, Compiled(part.pattern));
    if (part.before && !HasEdges(FirstLiteral(part.pattern))) {
      shape.left_forbidden = text::regex::ByteSet::Word();
      shape.left_word_edge = true;
    }
    if (part.after) shape.right_forbidden = ForbiddenAfter(part.pattern);
    if (parts.size() > 1) shape.group = absl::StrCat("pattern/", rule.pattern);
  }
  return shapes;
}

absl::Status AddConditions(const domain::MaskingRule& rule, text::redaction::RedactionRule& shape) {
  if (!rule.validator.empty()) {
    CS_ASSIGN_OR_RETURN(text::redaction::Validator named, FindValidator(rule.validator));
    shape.validator = Both(std::move(shape.validator), std::move(named));
  }
  if (!rule.except.empty()) {
    // Without boundaries a part of an excepted value would match.
    StandAlone(shape);
    absl::flat_hash_set<std::string> except;
    for (const std::string& value : rule.except) {
      AddParts(absl::AsciiStrToLower(value), except);
    }
    shape.validator =
        Both(std::move(shape.validator), [except = std::move(except)](absl::string_view match) {
          return !except.contains(absl::AsciiStrToLower(match));
        });
  }
  const bool narrowed = !rule.validator.empty() || !rule.except.empty();
  if (!rule.entity.empty() && narrowed &&
      shape.regex.max_width > text::redaction::kMaxValidatedWidth) {
    shape.validator = nullptr;  // for example a private key, which is masked whatever it contains
  }
  if (shape.validator != nullptr && shape.regex.max_width > text::redaction::kMaxValidatedWidth) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a rule with a validator, hashes or exceptions finds at most ",
        text::redaction::kMaxValidatedWidth, " bytes; this one finds more: bound its repeats"));
  }
  if (!rule.context_words.empty()) {
    shape.context.words = rule.context_words;
    shape.context.assigned = rule.context_assigned;
  }
  shape.min_count = rule.min_count;
  if (rule.priority) shape.priority = *rule.priority;
  return absl::OkStatus();
}

}  // namespace countersign::masking
