#include "libs/text/tokens/byte_pairs.h"

#include <array>
#include <memory>
#include <vector>

namespace countersign::text::tokens {
namespace {

constexpr std::size_t kShortPiece = 256;

}  // namespace

std::size_t BytePairCounter::CountFrom(absl::string_view piece, Vocabulary::Rank first,
                                       Vocabulary::Rank* taken, std::uint64_t* dead) const {
  std::size_t count = 0;
  std::size_t pos = 0;
  Vocabulary::Rank next = first;
  std::size_t end = vocabulary_.size_of(first);
  bool next_is_longest = true;
  bool last_is_longest = true;
  while (true) {
    const bool alive = end == piece.size() || (dead[end / 64] >> end % 64 & 1) == 0;
    if (alive && (count == 0 || vocabulary_.StayApart(taken[count - 1], next, last_is_longest))) {
      taken[count++] = next;
      if (end == piece.size()) return count;
      pos = end;
      last_is_longest = next_is_longest;
      const TokenTrie::Match longest = vocabulary_.LongestAt(piece.substr(pos));
      next = vocabulary_.Mergeable(longest.number);
      end = pos + (next == longest.number ? longest.size : vocabulary_.size_of(next));
      next_is_longest = true;
      continue;
    }
    next = vocabulary_.LongestPrefix(next);
    next_is_longest = false;
    while (next == Vocabulary::kNoRank) {
      // No token can follow this one: try a shorter one in its place.
      dead[pos / 64] |= std::uint64_t{1} << pos % 64;
      next = vocabulary_.LongestPrefix(taken[--count]);
      pos -= vocabulary_.size_of(taken[count]);
      last_is_longest = false;  // no longer known
    }
    end = pos + vocabulary_.size_of(next);
  }
}

std::size_t BytePairCounter::CountMore(absl::string_view piece, Vocabulary::Rank first) const {
  if (piece.size() <= kShortPiece) {
    std::array<Vocabulary::Rank, kShortPiece> taken;
    std::array<std::uint64_t, kShortPiece / 64> dead{};
    return CountFrom(piece, first, taken.data(), dead.data());
  }
  const auto taken = std::make_unique_for_overwrite<Vocabulary::Rank[]>(piece.size());
  std::vector<std::uint64_t> dead(piece.size() / 64 + 1);
  return CountFrom(piece, first, taken.get(), dead.data());
}

}  // namespace countersign::text::tokens
