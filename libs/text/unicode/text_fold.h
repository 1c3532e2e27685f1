#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

// What masking sees of a text: disguises that a reader sees through are folded away, code point by
// code point, so that it does not matter where a stream was cut.
//
//   decimal digits of every script (Nd), circled digits            → the ASCII digit
//   wide, small, circled and mathematical forms of ASCII characters → that character
//   U+017F (long s) and U+212A (Kelvin sign)                        → s and K
//   dashes (Pd) and U+2212                                          → -
//   spaces (Zs)                                                     → one space
//   default-ignorable code points: zero-width characters, soft hyphens, bidi controls, variation
//   selectors, tags                                                 → nothing
//
// Everything else stays, bytes that are not UTF-8 included. Properties are those of Unicode 15.
namespace countersign::text::unicode {

inline constexpr int kFoldsToItself = -1;
inline constexpr int kFoldsToNothing = -2;

// The ASCII character that `code_point` counts as, or one of the above. Thread-safe.
int FoldCodePoint(std::uint32_t code_point);

using CodePointRange = std::pair<std::uint32_t, std::uint32_t>;  // both ends included

// What a list of code points in a pattern means in folded text: each that folds stands for what it
// folds to. A range of more than 256 code points names none of them in particular and stays.
std::vector<CodePointRange> FoldRanges(const std::vector<CodePointRange>& ranges);

// The places where a folded text differs from its original. Offsets count folded bytes.
class FoldPatches {
 public:
  bool empty() const { return next_ == patches_.size(); }
  // Original bytes beyond the folded ones in all of it.
  std::size_t extra() const { return extra_; }

  // `original` stands in place of the folded byte at `at`, or, if that is not `replaced`, of
  // nothing before it. REQUIRES: offsets never go back.
  void Add(std::uint64_t at, absl::string_view original, bool replaced);

  // Appends to `original` what folded[from, to) was, of which `folded` holds the bytes, and forgets
  // it. What was dropped right before `to` belongs to it if `with_edge`. REQUIRES: everything
  // before `from` was taken.
  void Take(absl::string_view folded, std::uint64_t from, std::uint64_t to, bool with_edge,
            std::string* original);

  // Gives back the memory of what was taken.
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
// differences to `patches`. Returns how much of `text` was used: all of it, but that without `end`
// up to three bytes stay that may be the beginning of something folded.
std::size_t FoldInto(absl::string_view text, bool end, std::uint64_t base, std::string& folded,
                     FoldPatches& patches);

// Length of the longest prefix in ASCII, which folds to itself.
std::size_t AsciiPrefix(absl::string_view text);

}  // namespace countersign::text::unicode
