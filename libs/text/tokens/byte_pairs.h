#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "libs/text/tokens/vocabulary.h"

namespace countersign::text::tokens {

// Counts what byte-pair merging leaves of a piece: while two neighbouring parts together are a
// token, the two with the lowest rank become one part, the leftmost of equals first.
//
// No merge is carried out. From left to right the longest token that may stand beside the one
// before is taken, and taken back when nothing may follow it; each end of a token is tried at most
// once, so the time is linear in the length of the piece for every input. Working memory is at most
// five bytes per byte of piece. Thread-safe. (The method is that of the article named in
// vocabulary.h.)
class BytePairCounter {
 public:
  // REQUIRES: `vocabulary` outlives this.
  explicit BytePairCounter(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  // REQUIRES: `piece` is not empty.
  std::size_t Count(absl::string_view piece) const {
    const TokenTrie::Match first = vocabulary_.LongestAt(piece);
    return first.size == piece.size() ? 1 : CountMore(piece, vocabulary_.Mergeable(first.number));
  }

 private:
  // `taken` has room for a rank per byte of piece, `dead` for a zero bit per byte.
  std::size_t CountFrom(absl::string_view piece, Vocabulary::Rank first, Vocabulary::Rank* taken,
                        std::uint64_t* dead) const;
  std::size_t CountMore(absl::string_view piece, Vocabulary::Rank first) const;

  const Vocabulary& vocabulary_;
};

}  // namespace countersign::text::tokens
