#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "libs/text/tokens/byte_pairs.h"
#include "libs/text/tokens/char_classes.h"
#include "libs/text/tokens/piece_cache.h"
#include "libs/text/tokens/piece_splitter.h"
#include "libs/text/tokens/tokenizer.h"
#include "libs/text/tokens/vocabulary.h"

namespace countersign::text::tokens {

// An exact tokenizer: splits a text into pieces and encodes each by byte pairs. Thread-safe.
class BytePairTokenizer final : public Tokenizer {
 public:
  // REQUIRES: `name` and `vocabulary` outlive this object; a process has fewer than 256 of them.
  BytePairTokenizer(absl::string_view name, const Vocabulary& vocabulary, PieceSplitter piece_end);

  absl::string_view name() const override { return name_; }
  bool exact() const override { return true; }
  std::size_t Count(absl::string_view text) const override;
  std::size_t CountUpTo(absl::string_view text, std::size_t limit) const override;

  // The end of the piece that starts at `pos`. REQUIRES: pos < text.size().
  std::size_t PieceEnd(absl::string_view text, std::size_t pos) const {
    return piece_end_(classes_, text, pos);
  }

  // REQUIRES: `piece` is not empty; `cache` is PieceCache::ForThread().
  std::size_t CountPiece(absl::string_view piece, PieceCache& cache) const {
    // Short pieces are not cached: a look-up is as fast, and they would evict others.
    if (piece.size() <= 2) return 1 + (vocabulary_.LongestAt(piece).size != piece.size() ? 1 : 0);
    if (piece.size() > PieceCache::kLongestPiece) return counter_.Count(piece);
    return cache.Count(number_, piece,
                       [this](absl::string_view text) { return counter_.Count(text); });
  }

 private:
  const absl::string_view name_;
  const std::uint8_t number_;  // unique in the process
  const CharClasses& classes_;
  const Vocabulary& vocabulary_;
  const BytePairCounter counter_;
  const PieceSplitter piece_end_;
};

}  // namespace countersign::text::tokens
