#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "libs/text/tokens/vocabulary.h"

namespace countersign::text::tokens {

// Counts the tokens of a piece after byte-pair merging: while two neighbouring parts together are a
// token, the pair with the lowest rank is merged, the leftmost first among equals.
//
// No merge is carried out. From left to right, the longest token that may follow the previous one
// is taken, and taken back when none can follow it; each end of a token is tried at most once, so
// the time is linear in the length of the piece for every input. Uses at most five bytes of memory
// per byte. Thread-safe. (For the method see the article cited in vocabulary.h.)
class BytePairCounter {
 public:
  // REQUIRES: `vocabulary` outlives this object.
  explicit BytePairCounter(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  // REQUIRES: `piece` is not empty.
  std::size_t Count(absl::string_view piece) const {
    const TokenTrie::Match first = vocabulary_.LongestAt(piece);
    return first.size == piece.size() ? 1 : CountMore(piece, vocabulary_.Mergeable(first.number));
  }

 private:
  // `taken` needs room for one rank per byte, `dead` for one zero bit per byte.
  std::size_t CountFrom(absl::string_view piece, Vocabulary::Rank first, Vocabulary::Rank* taken,
                        std::uint64_t* dead) const;
  std::size_t CountMore(absl::string_view piece, Vocabulary::Rank first) const;

  const Vocabulary& vocabulary_;
};

}  // namespace countersign::text::tokens
