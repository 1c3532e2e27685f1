#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/vocabulary.h"

namespace countersign::text {

// Counts what byte-pair merging leaves of a piece: while two neighbouring parts together are a
// token, the two with the lowest rank become one part, the leftmost of equals first.
//
// Short pieces are merged by search, long ones with parts queued by rank, so that the time is
// linear in the length of the piece for every input; working memory is at most 20 bytes per byte of
// piece. Thread-safe.
class BytePairMerger {
 public:
  // Pieces above this are counted in parts of it, which bounds memory and may add a token per part.
  // Only text that runs for a mebibyte without a place to split is affected.
  static constexpr std::size_t kLongestPiece = 1 << 20;

  // REQUIRES: `vocabulary` outlives this.
  explicit BytePairMerger(const Vocabulary& vocabulary);
  ~BytePairMerger();

  // REQUIRES: `piece` is not empty.
  std::size_t Count(absl::string_view piece) const;

 private:
  class Queue;

  std::size_t CountShort(absl::string_view piece) const;
  std::size_t CountLong(absl::string_view piece) const;

  const Vocabulary& vocabulary_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Queue>> idle_;
};

}  // namespace countersign::text
