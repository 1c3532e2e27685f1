#include "libs/text/tokens/vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace countersign::text::tokens {
namespace {

constexpr unsigned kKnownPairBits = 14;

}  // namespace

Vocabulary::Vocabulary(const std::vector<std::string>& ranks) : trie_(ReadTokens(ranks)) {
  // Twice as many slots as merges.
  const std::size_t slots = std::bit_ceil(sizes_.size() * 2);
  merge_shift_ = 64 - static_cast<unsigned>(std::bit_width(slots - 1));
  merges_.resize(slots);
  byte_merges_.resize(kBytes * kBytes, kNoRank);
  merge_filter_.resize((std::size_t{1} << kFilterBits) / 64);
  FindPrefixes();
  splits_.reserve(sizes_.size());
  for (Rank rank = 0; rank < sizes_.size(); ++rank) {
    splits_.push_back({rank, rank});
    mergeable_.push_back(rank);
    if (sizes_[rank] == 1 || FindRegularSplit(rank)) continue;
    any_irregular_ = true;
    splits_[rank] = {kNoRank, kNoRank};
    if (!AddIrregularMerge(rank)) mergeable_[rank] = kNoRank;
  }
  if (any_irregular_) SkipUnmergeable();
}

std::vector<absl::string_view> Vocabulary::ReadTokens(const std::vector<std::string>& ranks) {
  for (const std::string& file : ranks) {
    std::uint32_t count = 0;
    std::memcpy(&count, file.data(), sizeof count);
    const auto first = file.begin() + sizeof count;
    sizes_.insert(sizes_.end(), first, first + count);
    bytes_.append(first + count, file.end());
  }
  std::vector<absl::string_view> tokens;
  tokens.reserve(sizes_.size());
  offsets_.reserve(sizes_.size());
  std::uint32_t offset = 0;
  for (const std::uint8_t size : sizes_) {
    offsets_.push_back(offset);
    tokens.emplace_back(bytes_.data() + offset, size);
    offset += size;
    longest_ = std::max<std::size_t>(longest_, size);
  }
  return tokens;
}

Vocabulary::Rank Vocabulary::FindMerge(std::uint64_t key, std::uint64_t hash) const {
  const std::size_t mask = merges_.size() - 1;
  for (std::size_t slot = hash >> merge_shift_; merges_[slot] != 0; slot = (slot + 1) & mask) {
    if (merges_[slot] >> kRankBits == key) {
      return static_cast<Rank>(merges_[slot] & ((1u << kRankBits) - 1));
    }
  }
  return kNoRank;
}

void Vocabulary::AddMerge(Rank left, Rank right, Rank merged) {
  if (AreBytes(left, right)) {
    byte_merges_[left << 8 | right] = merged;
    return;
  }
  const std::uint64_t key = PairKey(left, right);
  const std::uint64_t hash = Hash(key);
  const std::uint64_t bit = hash >> (64 - kFilterBits);
  merge_filter_[bit / 64] |= std::uint64_t{1} << bit % 64;
  std::size_t slot = hash >> merge_shift_;
  while (merges_[slot] != 0) slot = (slot + 1) & (merges_.size() - 1);
  merges_[slot] = key << kRankBits | merged;
}

void Vocabulary::FindPrefixes() {
  prefixes_.reserve(sizes_.size());
  for (Rank rank = 0; rank < sizes_.size(); ++rank) {
    const absl::string_view bytes = token(rank);
    prefixes_.push_back(bytes.size() > 1 ? trie_.Longest(bytes.substr(0, bytes.size() - 1)).number
                                         : kNoRank);
  }
}

// Finds the two tokens of lower rank that merging joins to this token; merging leaves them side by
// side while only lower ranks exist, which are the merges known at this point.
bool Vocabulary::FindRegularSplit(Rank rank) {
  for (Rank left = prefixes_[rank]; left != kNoRank; left = prefixes_[left]) {
    if (left >= rank || IsIrregular(left)) continue;
    const Rank right = Find(token(rank).substr(sizes_[left]));
    if (right >= rank || IsIrregular(right)) continue;
    if (Merged(left, right) == kNoRank && StayApartByUndoing(left, right)) {
      splits_[rank] = {left, right};
      AddMerge(left, right, rank);
      return true;
    }
  }
  return false;
}

bool Vocabulary::AddIrregularMerge(Rank rank) {
  const std::vector<Rank> parts = Merge(token(rank), 2);
  if (parts.size() != 2) return false;
  AddMerge(parts[0], parts[1], rank);
  return true;
}

void Vocabulary::SkipUnmergeable() {
  for (Rank& prefix : prefixes_) {
    while (prefix != kNoRank && mergeable_[prefix] == kNoRank) prefix = prefixes_[prefix];
  }
  for (Rank rank = 0; rank < sizes_.size(); ++rank) {
    if (mergeable_[rank] == kNoRank) mergeable_[rank] = prefixes_[rank];
  }
}

// Merges `bytes` by the definition of byte-pair encoding until at most `fewest` tokens are left.
std::vector<Vocabulary::Rank> Vocabulary::Merge(absl::string_view bytes, std::size_t fewest) const {
  std::vector<Rank> parts;
  for (std::size_t i = 0; i < bytes.size(); ++i) parts.push_back(Find(bytes.substr(i, 1)));
  while (parts.size() > fewest) {
    std::size_t pos = 0;
    std::size_t best = 0;
    Rank lowest = kNoRank;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const std::size_t size = sizes_[parts[i]];
      const Rank merged = Find(bytes.substr(pos, size + sizes_[parts[i + 1]]));
      pos += size;
      if (merged < lowest) {
        lowest = merged;
        best = i;
      }
    }
    if (lowest == kNoRank) break;
    parts[best] = lowest;
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  return parts;
}

bool Vocabulary::StayApartByDefinition(Rank left, Rank right) const {
  const std::uint64_t key = PairKey(left, right) + 1;  // so that no key is 0
  auto& known = known_pairs_[Hash(key) >> (64 - kKnownPairBits)];
  const std::uint64_t seen = known.load(std::memory_order_relaxed);
  if (seen >> 1 == key) return (seen & 1) != 0;
  std::string bytes(token(left));
  bytes.append(token(right).data(), sizes_[right]);
  const bool apart = Merge(bytes, 1) == std::vector<Rank>{left, right};
  known.store(key << 1 | (apart ? 1 : 0), std::memory_order_relaxed);
  return apart;
}

}  // namespace countersign::text::tokens
