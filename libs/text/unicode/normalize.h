#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text::matching {
class FormText;
}

namespace countersign::text::unicode {

// The normalised forms in which texts are searched, so that disguises have no effect.
enum class Form {
  kRaw,  // unchanged
  // As it is, but a run of white space is one space. For keywords of several words.
  kSpaced,
  // Simple case folding; the capital of the Turkish i becomes i; a run of white space is one space.
  // For keywords.
  kCaseless,
  // NFKC casefold without default-ignorable code points (zero-width and bidi characters, soft
  // hyphens …). For patterns with non-ASCII characters.
  kCompatible,
  // kCompatible without the marks on Latin, Greek and Cyrillic letters and on characters of no
  // script; decimal digits become 0-9, small capitals and look-alikes of ASCII become ASCII. For
  // ASCII patterns, in which `m` and `0` must keep their meaning, and for short keywords.
  kFolded,
  // kFolded with every character replaced by its skeleton (UTS #39), including ASCII: 1 is l, 0 is
  // o, m is rn; a run of white space is one space. For keywords, which are normalised the same way.
  kSkeleton,
  // kSkeleton with digits and signs as the letters that they replace in "s3cr3t" and "pa$$word"; i
  // and l are the same.
  kLeet,
  // kSkeleton with letters, their marks and numbers only: "s e c r e t".
  kJoined,
};

// A byte range of the original text. `whole` is false when the range of the form started or ended
// within a character of the original, such as a ligature, and was extended to all of it.
struct OriginalSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool whole = true;
};

// A text in a normalised form, with a map to its original.
class NormalizedText {
 public:
  const std::string& text() const { return text_; }

  // The range of the original for text()[begin, end). Characters that the form drops are included
  // only between kept characters, or as part of a kept character. REQUIRES: begin < end <=
  // text().size().
  OriginalSpan Original(std::size_t begin, std::size_t end) const;

 private:
  friend class Normalizer;

  // A run of the form and its original. `linear`: they correspond byte by byte; otherwise only
  // their edges correspond.
  struct Run {
    std::uint32_t begin = 0;
    std::uint32_t original_begin = 0;
    std::uint32_t original_size = 0;
    bool linear = true;
  };

  const Run& RunAt(std::size_t offset) const;
  std::size_t RunEnd(const Run& run) const;
  void Append(absl::string_view out, std::size_t original_begin, std::size_t original_size);
  void ExtendLast(std::size_t original_end);

  std::string text_;
  std::vector<Run> runs_;
};

// Normalises texts to one form. The result for each character is computed by ICU once, in blocks of
// 256; ASCII uses a table. Thread-safe.
class Normalizer {
 public:
  // The matcher refuses longer texts; offsets are 32-bit.
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

  static const Normalizer& For(Form form);

  // REQUIRES: `text` is UTF-8 of at most kMaxBytes.
  NormalizedText Apply(absl::string_view text) const;

 private:
  friend class matching::FormText;

  // Further marks are treated as separate characters, because the canonical order of endless marks
  // would take quadratic time. (Unicode's stream-safe limit is 30.)
  static constexpr std::size_t kLongestCluster = 32;

  static constexpr std::size_t kMostSimple = 12;  // a Hangul syllable is nine

  struct Char {
    std::uint32_t offset = 0;  // into Block::bytes
    std::uint8_t size = 0;
    bool is_space = false;       // runs of it are collapsed
    bool starts_cluster = true;  // does not combine with the preceding character
    bool is_plain_mark = false;  // a mark in every form
    bool sheds_marks = false;    // plain marks after it are removed
    bool is_word = false;        // a word character for IsWordEdge
    bool is_passed_by = false;   // IsWordEdge skips it
    bool is_simple = false;  // none of these apply, and the result has at most kMostSimple bytes
  };
  struct Ascii {
    char bytes[kMostSimple] = {};
    std::uint8_t size = 0;  // 0: collapsed white space
    bool is_word = false;
  };
  struct Block {
    std::array<Char, 256> chars;
    std::string bytes;  // kMostSimple more can be read
  };
  class Writer;

  explicit Normalizer(Form form);
  const Block& FindBlock(std::uint32_t code_point) const {
    const Block* const known = blocks_[code_point >> 8].load(std::memory_order_acquire);
    return known != nullptr ? *known : CreateBlock(code_point);
  }
  const Block& CreateBlock(std::uint32_t code_point) const;
  std::unique_ptr<Block> MakeBlock(std::uint32_t first) const;

  const Form form_;
  const bool by_character_;  // every character is a cluster
  const bool collapses_spaces_;
  const bool lowers_;       // ASCII letters
  const bool is_skeleton_;  // has 0 as o, 1 as l, m as rn
  const bool by_table_;     // changes ASCII in other ways
  std::array<Ascii, 128> ascii_form_;
  std::array<char, 128> ascii_{};  // the ASCII character that it always becomes; otherwise 0
  mutable std::array<std::atomic<const Block*>, 0x1100> blocks_{};
};

}  // namespace countersign::text::unicode
