#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/tokens/token_trie.h"

namespace countersign::text::tokens {

// The tokens of a byte-pair encoding and the merges of neighbours. Immutable; thread-safe.
class Vocabulary {
 public:
  using Rank = std::uint32_t;
  static constexpr Rank kNoRank = TokenTrie::kNone;

  // `ranks`: files in the format of libs/text/tokens/data (u32 count, one length byte per token,
  // the tokens); the tokens of a file follow those of the previous one. The first 256 tokens are
  // the bytes. Takes about 20 MB and 100 ms for 200,000 tokens.
  explicit Vocabulary(const std::vector<std::string>& ranks);

  // The rank of the token equal to `bytes`, or kNoRank.
  Rank Find(absl::string_view bytes) const { return trie_.Find(bytes); }

  // The longest token that is a prefix of `bytes`. REQUIRES: `bytes` is not empty.
  TokenTrie::Match LongestAt(absl::string_view bytes) const { return trie_.Longest(bytes); }

  // The longest prefix of token `rank` that is a token merging can build: usually itself. 588
  // tokens of llama3 cannot be built by merging.
  Rank Mergeable(Rank rank) const { return any_irregular_ ? mergeable_[rank] : rank; }

  // The longest proper prefix of token `rank` that is a token merging can build; kNoRank for a
  // byte.
  Rank LongestPrefix(Rank rank) const { return prefixes_[rank]; }

  // Whether merging keeps these two neighbouring tokens apart. A sequence of tokens is the encoding
  // of its bytes exactly when this holds for every two neighbours. REQUIRES: merging can build
  // both.
  //
  // This property, and its test by undoing merges at the border, are from "So many tokens, so
  // little time" (H. van Antwerpen and A. Neubeck, The GitHub Blog, 2024). Undoing requires tokens
  // made of two with lower ranks; for the few others (llama3 has some) merging is carried out.
  //
  // `left_is_longest`: `left` is the longest token at its position that merging can build, so the
  // two cannot be one token; this saves a look-up.
  bool StayApart(Rank left, Rank right, bool left_is_longest) const {
    if (any_irregular_ && (IsIrregular(left) || IsIrregular(right))) {
      return StayApartByDefinition(left, right);
    }
    return (left_is_longest || Merged(left, right) == kNoRank) && StayApartByUndoing(left, right);
  }

  Rank size() const { return static_cast<Rank>(sizes_.size()); }
  std::size_t longest() const { return longest_; }
  std::size_t size_of(Rank rank) const { return sizes_[rank]; }
  absl::string_view token(Rank rank) const {
    return {bytes_.data() + offsets_[rank], sizes_[rank]};
  }

 private:
  static constexpr Rank kBytes = 256;  // lower ranks are the bytes
  static constexpr unsigned kRankBits = 18;
  static constexpr unsigned kFilterBits = 22;

  // The two tokens of which a token is the merge; a byte twice for itself; kNoRank if merges cannot
  // be undone.
  struct Split {
    Rank left = 0;
    Rank right = 0;
  };

  static std::uint64_t PairKey(Rank left, Rank right) {
    return std::uint64_t{left} << kRankBits | right;
  }
  static std::uint64_t Hash(std::uint64_t key) { return key * 0x9e3779b97f4a7c15; }
  static bool AreBytes(Rank left, Rank right) { return (left | right) < kBytes; }

  bool IsIrregular(Rank rank) const { return splits_[rank].left == kNoRank; }
  // The merge of the two tokens, or kNoRank.
  Rank Merged(Rank left, Rank right) const {
    return AreBytes(left, right) ? byte_merges_[left << 8 | right] : MergedTokens(left, right);
  }
  // REQUIRES: not both are bytes.
  Rank MergedTokens(Rank left, Rank right) const {
    const std::uint64_t key = PairKey(left, right);
    const std::uint64_t hash = Hash(key);
    const std::uint64_t bit = hash >> (64 - kFilterBits);
    if ((merge_filter_[bit / 64] >> bit % 64 & 1) == 0) return kNoRank;
    return FindMerge(key, hash);
  }
  Rank FindMerge(std::uint64_t key, std::uint64_t hash) const;

  // REQUIRES: the two are not one token, and neither is irregular.
  bool StayApartByUndoing(Rank left, Rank right) const {
    // The undone merge happened at rank `limit` or later; a merge across the border of lower rank
    // would have come first. Equal ranks merge from the left, hence the plus one on the right.
    // Finally two bytes are left, which have their own table; most pairs get there at once.
    for (Rank limit = 0;;) {
      if (AreBytes(left, right)) return byte_merges_[left << 8 | right] >= limit;
      if (limit != 0 && MergedTokens(left, right) < limit) return false;
      if (right < kBytes || (left > right && left >= kBytes)) {
        limit = left;
        left = splits_[left].right;
      } else {
        limit = right + 1;
        right = splits_[right].left;
      }
    }
  }
  bool StayApartByDefinition(Rank left, Rank right) const;

  std::vector<absl::string_view> ReadTokens(const std::vector<std::string>& ranks);
  std::vector<Rank> Merge(absl::string_view bytes, std::size_t fewest) const;
  void AddMerge(Rank left, Rank right, Rank merged);
  void FindPrefixes();
  bool FindRegularSplit(Rank rank);
  bool AddIrregularMerge(Rank rank);
  void SkipUnmergeable();

  std::string bytes_;
  std::vector<std::uint8_t> sizes_;
  std::vector<std::uint32_t> offsets_;  // into bytes_
  std::size_t longest_ = 0;
  TokenTrie trie_;
  std::vector<Rank> prefixes_;
  std::vector<Split> splits_;
  std::vector<Rank> byte_merges_;            // by the ranks of two bytes
  std::vector<std::uint64_t> merges_;        // open addressing: key << 18 | merged; 0 is free
  std::vector<std::uint64_t> merge_filter_;  // one bit per hash, because most pairs do not merge
  unsigned merge_shift_ = 0;

  bool any_irregular_ = false;  // the following are used only then
  std::vector<Rank> mergeable_;
  // Results for pairs with irregular tokens, so that no text makes them slow: key << 1 and the
  // result in one word, indexed by hash.
  mutable std::array<std::atomic<std::uint64_t>, std::size_t{1} << 14> known_pairs_{};
};

}  // namespace countersign::text::tokens
