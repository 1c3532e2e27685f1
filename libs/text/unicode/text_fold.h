#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

// The folding of a text before masking: disguises are replaced code point by code point, so that
// the result does not depend on where a stream was cut.
//
//   decimal digits of every script (Nd), circled digits            → the ASCII digit
//   wide, small, circled and mathematical forms of ASCII characters → that character
//   U+017F (long s) and U+212A (Kelvin sign)                        → s and K
//   dashes (Pd) and U+2212                                          → -
//   spaces (Zs), U+0085, U+2028, U+2029 and the blank of Braille   → one space
//   default-ignorable code points: zero-width characters, soft hyphens, bidi controls, variation
//   selectors, tags                                                 → nothing
//   controls that are no white space, marks of interlinear annotation → nothing
//   combining lines through, over and under characters, keycaps and other marks for symbols, of
//   which no letter is made                                         → nothing
//
//   escapes that stand in the text as written (written_escapes.h), however often they are escaped
//   themselves: `\n`, `%0A`, `&quot;` …, and sequences that control a terminal → one character,
//   which is an edge for what stands beside it
//
// Everything else is unchanged, including invalid UTF-8. Properties are those of Unicode 15.
namespace countersign::text::unicode {

// Bytes of folded text that no text folds to otherwise: all are edges of words and no white space.
inline constexpr char kEscapedQuote = '\x1D';  // a quote behind backslashes, `%22`, `&quot;`
inline constexpr char kStringEdge = '\x1E';    // begins or ends a string of a JSON document
inline constexpr char kEscapedMark = '\x1F';   // punctuation or a space as an escape

// How readers of documents mark the edge of a string: U+FDD0, which is no character of any text.
inline constexpr char kStringEdgeMark[] = "\xEF\xB7\x90";

inline constexpr int kFoldsToItself = -1;
inline constexpr int kFoldsToNothing = -2;

// The ASCII character that `code_point` folds to, or one of the above. Thread-safe.
int FoldCodePoint(std::uint32_t code_point);

// Whether `code_point` is not displayed: a default-ignorable code point, a control that is no white
// space, or a mark of interlinear annotation. Policies and masking see through the same ones.
bool IsInvisible(std::uint32_t code_point);

using CodePointRange = std::pair<std::uint32_t, std::uint32_t>;  // both ends included

// The code points that a pattern's class matches in folded text: the folding of each. Ranges of
// more than 256 code points are kept unchanged.
std::vector<CodePointRange> FoldRanges(const std::vector<CodePointRange>& ranges);

// The differences between a folded text and its original. Offsets count folded bytes.
class FoldPatches {
 public:
  bool empty() const { return next_ == patches_.size(); }
  // How many bytes the original has more than the folded text.
  std::size_t extra() const { return extra_; }

  // `original` stands in place of the folded byte at `at` if `replaced`, otherwise before it.
  // REQUIRES: offsets do not decrease.
  void Add(std::uint64_t at, absl::string_view original, bool replaced);

  // Appends the original of folded[from, to), whose bytes are in `folded`, to `original` and
  // forgets it. With `with_edge` it includes the characters dropped directly before `to`. REQUIRES:
  // everything before `from` was taken.
  void Take(absl::string_view folded, std::uint64_t from, std::uint64_t to, bool with_edge,
            std::string* original);

  // The folded offset of the byte at `original` of the original text, where everything before
  // `folded`, whose original ends at `from`, was taken. Within a character that was replaced it is
  // that character's begin, or its end with `up`.
  std::uint64_t Locate(std::uint64_t folded, std::uint64_t from, std::uint64_t original,
                       bool up) const;

  // Frees the memory of taken patches.
  void Compact();
  std::size_t memory_bytes() const {
    return patches_.capacity() * sizeof(Patch) + originals_.capacity();
  }

 private:
  struct Patch {
    std::uint64_t at;
    std::uint32_t size;
    bool replaces;
  };
  std::vector<Patch> patches_;
  std::string originals_;  // of all patches, one after the other
  std::size_t next_ = 0;   // in patches_: the first that was not taken
  std::size_t taken_ = 0;  // of originals_
  std::size_t extra_ = 0;
};

// Appends the folding of `text` to `folded`, whose first byte has the offset `base`, and the
// differences to `patches`. Returns the number of bytes used: all of them, except that without
// `end` up to three bytes are left that may start a character that folds, or up to
// kMaxWrittenEscape that may start an escape.
std::size_t FoldInto(absl::string_view text, bool end, std::uint64_t base, std::string& folded,
                     FoldPatches& patches);

// The length of the longest prefix of ASCII characters that fold to themselves.
std::size_t PlainAsciiPrefix(absl::string_view text);

}  // namespace countersign::text::unicode
