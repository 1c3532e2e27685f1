#include "libs/text/unicode/sentences.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::unicode {
namespace {

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }
bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Whether a full stop behind `text` may belong to its last word: an initial, a title.
bool MayAbbreviate(absl::string_view text) {
  constexpr std::size_t kLongest = 3;
  std::size_t letters = 0;
  while (letters < text.size() && IsLetter(text[text.size() - 1 - letters])) ++letters;
  if (letters == 0 || letters > kLongest) return false;
  const absl::string_view word = text.substr(text.size() - letters);
  const bool capitalised = absl::ascii_isupper(static_cast<unsigned char>(word.front()));
  return letters == 1 || (capitalised && word.find_first_of("AEIOUYaeiouy") == word.npos);
}

// Drops closing quotes and brackets from the end of `text`.
absl::string_view WithoutClosers(absl::string_view text) {
  static constexpr absl::string_view kClosers[] = {"\"", "'",      ")",      "]",
                                                   "}",  "\u201D", "\u2019", "\u00BB"};
  while (true) {
    const auto* const closer =
        std::find_if(std::begin(kClosers), std::end(kClosers),
                     [&](absl::string_view each) { return absl::EndsWith(text, each); });
    if (closer == std::end(kClosers)) return text;
    text.remove_suffix(closer->size());
  }
}

// Whether white space behind `text` ends its last sentence.
bool EndsSentence(absl::string_view text) {
  text = WithoutClosers(text);
  if (absl::EndsWith(text, "!") || absl::EndsWith(text, "?") || absl::EndsWith(text, "\u2026")) {
    return true;
  }
  return absl::EndsWith(text, ".") && !MayAbbreviate(text.substr(0, text.size() - 1));
}

bool EndsWithoutSpace(absl::string_view text) {
  return absl::EndsWith(text, "\u3002") || absl::EndsWith(text, "\uFF01") ||
         absl::EndsWith(text, "\uFF1F") || absl::EndsWith(text, "\uFF61");
}

// Where a text without the end of a sentence is cut.
std::size_t CutLong(absl::string_view text) {
  for (std::size_t at = kMaxSentence; at > kMaxSentence / 2; --at) {
    if (IsSpace(text[at - 1])) return at;
  }
  std::size_t at = kMaxSentence;
  while (at > kMaxSentence - 4 && Continues(text[at])) --at;
  return at;
}

}  // namespace

std::size_t FindSentenceEnd(absl::string_view text) {
  constexpr absl::string_view kEdge = kStringEdgeMark;
  if (absl::StartsWith(text, kEdge)) return kEdge.size();
  const std::size_t until = std::min(text.size(), kMaxSentence);
  for (std::size_t at = 0; at < until; ++at) {
    const absl::string_view before = text.substr(0, at);
    const char c = text[at];
    if (c == '\n' || (IsSpace(c) && EndsSentence(before))) return at + 1;
    if (Continues(c)) {
      const absl::string_view with = text.substr(0, at + 1);
      if (EndsWithoutSpace(with)) return at + 1;
      if (absl::EndsWith(with, kEdge)) return at + 1 - kEdge.size();
    }
  }
  return text.size() > kMaxSentence ? CutLong(text) : 0;
}

bool HoldsLetters(absl::string_view text) {
  if (text == kStringEdgeMark) return false;
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return IsLetter(c) || (c & 0x80) != 0; });
}

}  // namespace countersign::text::unicode
