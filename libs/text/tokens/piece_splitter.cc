#include "libs/text/tokens/piece_splitter.h"

namespace countersign::text::tokens {
namespace {

constexpr std::size_t kNoMatch = 0;  // no piece ends at offset 0

// Sets of classes.
constexpr unsigned Only(CharClass of) { return 1u << static_cast<unsigned>(of); }
constexpr unsigned kLetters =
    Only(CharClass::kUpper) | Only(CharClass::kLower) | Only(CharClass::kLetter);
// Upper and Lower of o200k_base; marks and caseless letters are in both.
constexpr unsigned kUppers =
    Only(CharClass::kUpper) | Only(CharClass::kLetter) | Only(CharClass::kMark);
constexpr unsigned kLowers =
    Only(CharClass::kLower) | Only(CharClass::kLetter) | Only(CharClass::kMark);
// [^\s\p{L}\p{N}]
constexpr unsigned kSymbols = Only(CharClass::kOther) | Only(CharClass::kMark);

bool In(CharClass of, unsigned set) { return (set >> static_cast<unsigned>(of) & 1) != 0; }

bool IsLineBreak(char byte) { return byte == '\r' || byte == '\n'; }

// [^\r\n\p{L}\p{N}]
bool MayPrecedeWord(CharClass of, char first_byte) {
  return !In(of, kLetters | Only(CharClass::kNumber)) && !IsLineBreak(first_byte);
}

std::size_t RunEnd(const CharClasses& classes, absl::string_view text, std::size_t pos,
                   unsigned set) {
  while (pos < text.size()) {
    const ClassedChar next = classes.At(text, pos);
    if (!In(next.of, set)) break;
    pos += next.bytes;
  }
  return pos;
}

// The end of a contraction with apostrophe at `pos`, or kNoMatch. Case-insensitive in Unicode's
// sense: ſ is an s.
std::size_t ContractionEnd(absl::string_view text, std::size_t pos) {
  const std::size_t left = text.size() - pos;
  if (left < 2 || text[pos] != '\'') return kNoMatch;
  const auto lower = [](char byte) { return static_cast<char>(byte | 0x20); };
  switch (lower(text[pos + 1])) {
    case 's':
    case 't':
    case 'm':
    case 'd': return pos + 2;
    case 'r':
    case 'v': return left >= 3 && lower(text[pos + 2]) == 'e' ? pos + 3 : kNoMatch;
    case 'l': return left >= 3 && lower(text[pos + 2]) == 'l' ? pos + 3 : kNoMatch;
    default: return text.substr(pos + 1, 2) == "\xc5\xbf" ? pos + 3 : kNoMatch;
  }
}

// \p{N}{1,3}
std::size_t NumberEnd(const CharClasses& classes, absl::string_view text, std::size_t pos) {
  for (int digits = 0; digits < 3 && pos < text.size(); ++digits) {
    const ClassedChar next = classes.At(text, pos);
    if (next.of != CharClass::kNumber) break;
    pos += next.bytes;
  }
  return pos;
}

// ` ?[^\s\p{L}\p{N}]+` followed by line breaks and, if the encoding allows it, slashes among them.
std::size_t SymbolsEnd(const CharClasses& classes, absl::string_view text, std::size_t pos,
                       bool slashes) {
  const std::size_t begin = pos + (text[pos] == ' ' ? 1 : 0);
  std::size_t end = RunEnd(classes, text, begin, kSymbols);
  if (end == begin) return kNoMatch;
  while (end < text.size() && (IsLineBreak(text[end]) || (slashes && text[end] == '/'))) ++end;
  return end;
}

// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line break of the run; otherwise the whole run,
// without its last character if something follows.
std::size_t SpacesEnd(const CharClasses& classes, absl::string_view text, std::size_t pos) {
  std::size_t end = pos;
  std::size_t last = pos;
  std::size_t after_break = kNoMatch;
  while (end < text.size()) {
    const ClassedChar next = classes.At(text, end);
    if (next.of != CharClass::kSpace) break;
    if (IsLineBreak(text[end])) after_break = end + 1;
    last = end;
    end += next.bytes;
  }
  if (after_break != kNoMatch) return after_break;
  return end == text.size() || last == pos ? end : last;
}

// Where Upper*Lower+ ends, or kNoMatch, and where Upper* ends.
struct CasedWord {
  std::size_t end = kNoMatch;
  std::size_t upper_end = 0;
};

// Greedy with backtracking: when no lower-case letter follows the run of Upper, Lower+ matches the
// last character of that run which is in both classes.
CasedWord CasedWordAt(const CharClasses& classes, absl::string_view text, std::size_t pos) {
  CasedWord word{kNoMatch, pos};
  while (word.upper_end < text.size()) {
    const ClassedChar next = classes.At(text, word.upper_end);
    if (!In(next.of, kUppers)) break;
    word.upper_end += next.bytes;
    if (next.of != CharClass::kUpper) word.end = word.upper_end;
  }
  const std::size_t lower_end = RunEnd(classes, text, word.upper_end, kLowers);
  if (lower_end != word.upper_end) word.end = lower_end;
  return word;
}

}  // namespace

std::size_t Cl100kPieceEnd(const CharClasses& classes, absl::string_view text, std::size_t pos) {
  if (const std::size_t end = ContractionEnd(text, pos); end != kNoMatch) return end;
  const ClassedChar first = classes.At(text, pos);
  if (In(first.of, kLetters)) return RunEnd(classes, text, pos + first.bytes, kLetters);
  if (first.of == CharClass::kNumber) return NumberEnd(classes, text, pos);
  if (MayPrecedeWord(first.of, text[pos])) {
    const std::size_t word = pos + first.bytes;
    if (const std::size_t end = RunEnd(classes, text, word, kLetters); end != word) return end;
  }
  if (const std::size_t end = SymbolsEnd(classes, text, pos, false); end != kNoMatch) return end;
  return SpacesEnd(classes, text, pos);
}

std::size_t O200kPieceEnd(const CharClasses& classes, absl::string_view text, std::size_t pos) {
  const ClassedChar first = classes.At(text, pos);
  if (first.of == CharClass::kNumber) return NumberEnd(classes, text, pos);
  const auto with_contraction = [&](std::size_t end) {
    const std::size_t contraction = end < text.size() ? ContractionEnd(text, end) : kNoMatch;
    return contraction != kNoMatch ? contraction : end;
  };
  const bool prefixed = MayPrecedeWord(first.of, text[pos]);
  // The pattern's alternatives in order: Upper*Lower+ after a prefix, the same without prefix, then
  // Upper+Lower*.
  const std::size_t begin = prefixed ? pos + first.bytes : pos;
  const CasedWord word = CasedWordAt(classes, text, begin);
  if (word.end != kNoMatch) return with_contraction(word.end);
  if (prefixed && first.of == CharClass::kMark) {
    const CasedWord unprefixed = CasedWordAt(classes, text, pos);
    if (unprefixed.end != kNoMatch) return with_contraction(unprefixed.end);
  }
  if (word.upper_end != begin) return with_contraction(word.upper_end);
  if (const std::size_t end = SymbolsEnd(classes, text, pos, true); end != kNoMatch) return end;
  return SpacesEnd(classes, text, pos);
}

}  // namespace countersign::text::tokens
