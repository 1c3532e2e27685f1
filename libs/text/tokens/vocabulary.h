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

// The tokens of one byte-pair encoding, and what its merges make of neighbours. Immutable;
// thread-safe.
class Vocabulary {
 public:
  using Rank = std::uint32_t;
  static constexpr Rank kNoRank = TokenTrie::kNone;

  // `ranks`: files as libs/text/tokens/data has them (u32 count, one length byte per token, the
  // tokens), the tokens of each following those of the one before. The first 256 tokens are the
  // bytes. About 20 MB and a tenth of a second for 200,000 tokens.
  explicit Vocabulary(const std::vector<std::string>& ranks);

  // The rank of the token that is exactly `bytes`, or kNoRank.
  Rank Find(absl::string_view bytes) const { return trie_.Find(bytes); }

  // The longest token at the beginning of `bytes`. REQUIRES: `bytes` is not empty.
  TokenTrie::Match LongestAt(absl::string_view bytes) const { return trie_.Longest(bytes); }

  // The longest token that `rank` begins with and that merging can make: mostly itself. 588 tokens
  // of llama3 are only ever found whole.
  Rank Mergeable(Rank rank) const { return any_irregular_ ? mergeable_[rank] : rank; }

  // The longest token that `rank` begins with, not itself, and that merging can make; kNoRank for a
  // byte.
  Rank LongestPrefix(Rank rank) const { return prefixes_[rank]; }

  // True when merging keeps the two tokens as they are where they stand beside each other. A
  // sequence of tokens is the encoding of its bytes exactly when this holds for every two
  // neighbours in it. REQUIRES: merging can make both.
  //
  // That property, and undoing merges at the border to decide it, are from "So many tokens, so
  // little time" (H. van Antwerpen and A. Neubeck, The GitHub Blog, 2024). Undoing needs tokens
  // that are made of ones with lower ranks; for the few others (llama3 has some) merging is carried
  // out.
  //
  // `left_is_longest`: at its place there is no longer token that merging can make, so that the two
  // are not one; which saves a look.
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
  static constexpr Rank kBytes = 256;  // the ranks below are those of bytes
  static constexpr unsigned kRankBits = 18;
  static constexpr unsigned kFilterBits = 22;

  // The two tokens whose merge is a token; a byte twice for itself; kNoRank where undoing does not
  // work.
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
  // What the two merge to, or kNoRank.
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

  // REQUIRES: the two are not one, and neither is irregular.
  bool StayApartByUndoing(Rank left, Rank right) const {
    // What is undone was merged at `limit` or later; a merge across the border before that would
    // have come first. Equal ranks merge from the left, hence the one more for what stands right.
    // In the end two bytes stand there, which have a table of their own: most get there at once.
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
  std::vector<std::uint64_t> merge_filter_;  // a bit per hash: most pairs are no merge
  unsigned merge_shift_ = 0;

  bool any_irregular_ = false;  // the following are used only then
  std::vector<Rank> mergeable_;
  // What was found about pairs with irregular tokens, so that no text makes it slow: key << 1 and
  // the answer in one word, at its hash.
  mutable std::array<std::atomic<std::uint64_t>, std::size_t{1} << 14> known_pairs_{};
};

}  // namespace countersign::text::tokens
