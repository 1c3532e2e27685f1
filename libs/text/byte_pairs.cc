#include "libs/text/byte_pairs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

namespace countersign::text {
namespace {

using Rank = Vocabulary::Rank;
constexpr Rank kNoRank = Vocabulary::kNoRank;
constexpr std::uint32_t kNone = 0xffffffff;
constexpr std::size_t kShortPiece = 128;

// The set of ranks at which something waits: find the lowest in three steps.
class RankSet {
 public:
  explicit RankSet(std::size_t size) {
    for (auto& level : levels_) {
      size = (size + 63) / 64;
      level.resize(size);
    }
  }

  void Insert(Rank rank) {
    for (auto& level : levels_) {
      level[rank / 64] |= std::uint64_t{1} << rank % 64;
      rank /= 64;
    }
  }

  void Erase(Rank rank) {
    for (auto& level : levels_) {
      level[rank / 64] &= ~(std::uint64_t{1} << rank % 64);
      if (level[rank / 64] != 0) return;
      rank /= 64;
    }
  }

  // kNoRank when empty.
  Rank Lowest() const {
    for (std::size_t top = 0; top < levels_[2].size(); ++top) {
      if (levels_[2][top] == 0) continue;
      std::size_t at = top * 64 + std::countr_zero(levels_[2][top]);
      at = at * 64 + std::countr_zero(levels_[1][at]);
      at = at * 64 + std::countr_zero(levels_[0][at]);
      return static_cast<Rank>(at);
    }
    return kNoRank;
  }

 private:
  std::array<std::vector<std::uint64_t>, 3> levels_;
};

}  // namespace

// The parts of a long piece, each known by the position where it begins, and for every rank the
// list of those that would merge with their right neighbour at that rank.
class BytePairMerger::Queue {
 public:
  explicit Queue(const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), first_(vocabulary.size(), kNone), waiting_(vocabulary.size()) {}

  std::size_t Count(absl::string_view piece) {
    Fill(piece);
    std::size_t parts = piece.size();
    for (Rank rank = waiting_.Lowest(); rank != kNoRank; rank = waiting_.Lowest()) {
      TakeAll(rank);
      for (std::size_t i = 0; i < batch_.size(); ++i) {
        const std::uint32_t at = batch_[i];
        if (rank_[at] != rank) continue;
        Merge(at);
        --parts;
        if (waiting_.Lowest() < rank) {
          // A merge made a pair that goes before the rest of this batch.
          for (std::size_t rest = i + 1; rest < batch_.size(); ++rest) {
            if (rank_[batch_[rest]] == rank) Enqueue(batch_[rest]);
          }
          break;
        }
      }
    }
    return parts;
  }

 private:
  // Sizes of parts are those of tokens, at most 128 bytes.
  void Fill(absl::string_view piece) {
    piece_ = piece;
    const auto size = static_cast<std::uint32_t>(piece.size());
    size_.assign(size, 1);
    left_size_.assign(size, 1);
    rank_.assign(size, kNoRank);
    next_.resize(size);
    previous_.resize(size);
    for (std::uint32_t at = size; at-- > 0;) Rerank(at);
  }

  void Rerank(std::uint32_t at) {
    const std::uint32_t right = at + size_[at];
    rank_[at] = right < piece_.size()
                    ? vocabulary_.Find(piece_.substr(at, std::size_t{size_[at]} + size_[right]))
                    : kNoRank;
    if (rank_[at] != kNoRank) Enqueue(at);
  }

  void Enqueue(std::uint32_t at) {
    const Rank rank = rank_[at];
    const std::uint32_t first = first_[rank];
    previous_[at] = kNone;
    next_[at] = first;
    if (first == kNone) {
      waiting_.Insert(rank);
    } else {
      previous_[first] = at;
    }
    first_[rank] = at;
  }

  void Dequeue(std::uint32_t at) {
    const Rank rank = rank_[at];
    if (previous_[at] != kNone) {
      next_[previous_[at]] = next_[at];
    } else {
      first_[rank] = next_[at];
      if (next_[at] == kNone) waiting_.Erase(rank);
    }
    if (next_[at] != kNone) previous_[next_[at]] = previous_[at];
  }

  void TakeAll(Rank rank) {
    batch_.clear();
    for (std::uint32_t at = first_[rank]; at != kNone; at = next_[at]) batch_.push_back(at);
    first_[rank] = kNone;
    waiting_.Erase(rank);
    if (!std::is_sorted(batch_.begin(), batch_.end())) std::sort(batch_.begin(), batch_.end());
    taken_ = rank;
  }

  // What is in the batch is in no list.
  void Forget(std::uint32_t at) {
    if (rank_[at] != kNoRank && rank_[at] != taken_) Dequeue(at);
    rank_[at] = kNoRank;
  }

  void Merge(std::uint32_t at) {
    const std::uint32_t right = at + size_[at];
    Forget(right);
    size_[at] = static_cast<std::uint8_t>(size_[at] + size_[right]);
    const std::uint32_t after = at + size_[at];
    if (after < piece_.size()) left_size_[after] = size_[at];
    rank_[at] = kNoRank;
    Rerank(at);
    if (at > 0) {
      const std::uint32_t left = at - left_size_[at];
      Forget(left);
      Rerank(left);
    }
  }

  const Vocabulary& vocabulary_;
  absl::string_view piece_;
  std::vector<std::uint8_t> size_;       // of the part that begins here
  std::vector<std::uint8_t> left_size_;  // of the part that ends here
  std::vector<Rank> rank_;               // of the merge with the right neighbour
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;
  std::vector<std::uint32_t> first_;  // by rank
  RankSet waiting_;
  std::vector<std::uint32_t> batch_;
  Rank taken_ = kNoRank;
};

BytePairMerger::BytePairMerger(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

BytePairMerger::~BytePairMerger() = default;

std::size_t BytePairMerger::Count(absl::string_view piece) const {
  if (piece.size() <= kShortPiece) return CountShort(piece);
  std::size_t count = 0;
  for (; piece.size() > kLongestPiece; piece.remove_prefix(kLongestPiece)) {
    count += CountLong(piece.substr(0, kLongestPiece));
  }
  return count + CountLong(piece);
}

std::size_t BytePairMerger::CountShort(absl::string_view piece) const {
  // The parts begin at begin[0..parts); rank[i] is of parts i and i+1 together.
  std::array<std::uint8_t, kShortPiece + 1> begin;
  std::array<Rank, kShortPiece + 1> rank;
  std::size_t parts = piece.size();
  for (std::size_t i = 0; i <= parts; ++i) begin[i] = static_cast<std::uint8_t>(i);
  const auto find = [&](std::size_t i) {
    if (i + 2 > parts) return kNoRank;
    return vocabulary_.Find(piece.substr(begin[i], std::size_t{begin[i + 2]} - begin[i]));
  };
  for (std::size_t i = 0; i < parts; ++i) rank[i] = find(i);
  while (parts > 1) {
    const auto lowest = std::min_element(rank.begin(), rank.begin() + parts);
    if (*lowest == kNoRank) break;
    const auto i = static_cast<std::size_t>(lowest - rank.begin());
    std::copy(begin.begin() + i + 2, begin.begin() + parts + 1, begin.begin() + i + 1);
    std::copy(rank.begin() + i + 2, rank.begin() + parts, rank.begin() + i + 1);
    --parts;
    rank[i] = find(i);
    if (i > 0) rank[i - 1] = find(i - 1);
  }
  return parts;
}

std::size_t BytePairMerger::CountLong(absl::string_view piece) const {
  std::unique_ptr<Queue> queue;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      queue = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!queue) queue = std::make_unique<Queue>(vocabulary_);
  const std::size_t count = queue->Count(piece);
  constexpr std::size_t kMostIdle = 8;
  constexpr std::size_t kKeptPiece = 1 << 16;  // larger ones give their memory back
  if (piece.size() <= kKeptPiece) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(queue));
  }
  return count;
}

}  // namespace countersign::text
