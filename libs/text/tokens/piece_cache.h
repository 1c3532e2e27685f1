#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace countersign::text::tokens {

// Caches the token counts of recent pieces: most words of a text repeat, and 512 KiB stay in the
// processor's caches while a vocabulary does not. Direct-mapped; shared by the tokenizers, which
// are numbered. Not thread-safe.
class PieceCache {
 public:
  static constexpr std::size_t kLongestPiece = 14;
  static constexpr std::size_t kMostTokens = 15;

  static PieceCache& ForThread();

  // The count of `piece` by tokenizer `owner`; calls `count` when it is not cached. REQUIRES: 0 <
  // piece.size() <= kLongestPiece.
  template <typename Function>
  std::size_t Count(std::uint8_t owner, absl::string_view piece, Function count) {
    const Words words = Pack(owner, piece);
    Entry& entry = entries_[SlotIndex(words)];
    if (entry.words.low == words.low && entry.words.high == (words.high | entry.tokens())) {
      return entry.tokens() >> kTokensShift;
    }
    const std::size_t tokens = count(piece);
    if (tokens <= kMostTokens) entry.words = {words.low, words.high | tokens << kTokensShift};
    return tokens;
  }

 private:
  static constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  static constexpr unsigned kEntriesBits = 15;
  static constexpr unsigned kOwnerShift = 48;   // eight bits
  static constexpr unsigned kSizeShift = 56;    // four bits: the size of the piece
  static constexpr unsigned kTokensShift = 60;  // four bits: the count

  struct Words {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };
  struct Entry {
    Words words;
    std::uint64_t tokens() const { return words.high >> kTokensShift << kTokensShift; }
  };

  static std::size_t SlotIndex(Words words) {
    return (words.low ^ words.high * kMultiplier) * kMultiplier >> (64 - kEntriesBits);
  }

  template <typename Word>
  static std::uint64_t Load(const char* bytes) {
    Word word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }

  // A piece's bytes, size and owner. The two loads may overlap; the overlapping bits are equal.
  static Words Pack(std::uint8_t owner, absl::string_view piece) {
    const std::size_t size = piece.size();
    const char* const at = piece.data();
    Words words{0, std::uint64_t{size} << kSizeShift | std::uint64_t{owner} << kOwnerShift};
    if (size > 8) {
      words.low = Load<std::uint64_t>(at);
      words.high |= Load<std::uint64_t>(at + size - 8) >> (8 * (16 - size));
    } else if (size >= 4) {
      words.low = Load<std::uint32_t>(at) | Load<std::uint32_t>(at + size - 4) << (8 * (size - 4));
    } else if (size >= 2) {
      words.low = Load<std::uint16_t>(at) | Load<std::uint16_t>(at + size - 2) << (8 * (size - 2));
    } else {
      words.low = Load<std::uint8_t>(at);
    }
    return words;
  }

  std::array<Entry, std::size_t{1} << kEntriesBits> entries_{};
};

}  // namespace countersign::text::tokens
