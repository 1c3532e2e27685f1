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

// The forms of a text that are searched in its place, so that disguises do not matter.
enum class Form {
  kRaw,  // as it is
  // As it is, but a run of white space is one space. For keywords of several words.
  kSpaced,
  // Simple case folding, and the capital of the Turkish i as i; a run of white space is one space.
  // For keywords.
  kCaseless,
  // NFKC-casefolded without default-ignorable code points (zero-width and bidi characters, soft
  // hyphens …). For patterns that have characters beyond ASCII.
  kCompatible,
  // kCompatible without the marks on letters of Latin, Greek, Cyrillic and on characters of no
  // script, with decimal digits as 0-9, and with small capitals and look-alikes of ASCII as that
  // ASCII. For patterns in ASCII, where an `m` or a `0` must stay what it is, and for short
  // keywords.
  kFolded,
  // kFolded with every character as its skeleton (UTS #39), ASCII included: 1 is l, 0 is o, m is
  // rn; a run of white space is one space. For keywords, which go through the same.
  kSkeleton,
  // kSkeleton with digits and signs as the letters that they stand for in "s3cr3t" and "pa$$word";
  // i and l are one.
  kLeet,
  // kSkeleton without anything but letters, their marks and numbers: "s e c r e t".
  kJoined,
};

// A stretch of the original text, in bytes. `whole` is false when the stretch of the form began or
// ended within a character of the original, such as a ligature, and was widened to all of it.
struct OriginalSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool whole = true;
};

// A text in some form, which knows where everything in it came from.
class NormalizedText {
 public:
  const std::string& text() const { return text_; }

  // Where text()[begin, end) stands in the original. What the form left out is inside the span only
  // if it has kept something on both sides, or if it belongs to a character that was kept.
  // REQUIRES: begin < end <= text().size().
  OriginalSpan Original(std::size_t begin, std::size_t end) const;

 private:
  friend class Normalizer;

  // A run of the form and of the original. `linear`: both are as long, byte for byte; else only its
  // edges correspond.
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

// Brings texts into one form. What each character becomes is worked out once, in blocks of 256, by
// ICU; text in ASCII goes through a table. Thread-safe.
class Normalizer {
 public:
  // Texts above this are refused by the matcher: offsets here have 32 bits.
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

  static const Normalizer& For(Form form);

  // REQUIRES: `text` is UTF-8 of at most kMaxBytes.
  NormalizedText Apply(absl::string_view text) const;

 private:
  friend class matching::FormText;

  // Marks beyond this do not belong to their character any more; the canonical order of endless
  // runs of marks would take quadratic time. (Unicode's own stream-safe limit is 30.)
  static constexpr std::size_t kLongestCluster = 32;

  static constexpr std::size_t kMostSimple = 12;  // a Hangul syllable is nine

  struct Char {
    std::uint32_t offset = 0;  // into Block::bytes
    std::uint8_t size = 0;
    bool is_space = false;       // and runs of it are to be collapsed
    bool starts_cluster = true;  // does not act together with what precedes it
    bool is_plain_mark = false;  // nothing but a mark, in every form
    bool sheds_marks = false;    // plain marks that follow it are left out
    bool is_word = false;        // IsWordEdge takes it for a word character
    bool is_passed_by = false;   // IsWordEdge looks at what precedes it
    bool is_simple = false;  // none of this is special, and it becomes kMostSimple bytes at most
  };
  struct Ascii {
    char bytes[kMostSimple] = {};
    std::uint8_t size = 0;  // 0: white space that is to be collapsed
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
  const bool by_character_;  // every character is a cluster of its own
  const bool collapses_spaces_;
  const bool lowers_;       // ASCII letters
  const bool is_skeleton_;  // has 0 as o, 1 as l, m as rn
  const bool by_table_;     // does more to ASCII than these
  std::array<Ascii, 128> ascii_form_;
  std::array<char, 128> ascii_{};  // what becomes one other ASCII character, always; else 0
  mutable std::array<std::atomic<const Block*>, 0x1100> blocks_{};
};

}  // namespace countersign::text::unicode
