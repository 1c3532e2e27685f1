#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text {

// The tokens of one byte-pair encoding, looked up by their bytes. Immutable; thread-safe.
class Vocabulary {
 public:
  using Rank = std::uint32_t;
  static constexpr Rank kNoRank = 0xffffffff;

  // `ranks`: a file as libs/text/data has them (u32 count, one length byte per token, the tokens).
  explicit Vocabulary(std::string ranks);

  // The rank of the token that is exactly `bytes`, or kNoRank.
  Rank Find(absl::string_view bytes) const {
    return bytes.size() <= kShort ? FindShort(bytes) : FindLong(bytes);
  }

  Rank size() const { return static_cast<Rank>(offsets_.size() - 1); }
  std::size_t longest() const { return longest_; }
  absl::string_view token(Rank rank) const {
    return {file_.data() + offsets_[rank], offsets_[rank + 1] - offsets_[rank]};
  }

 private:
  // Tokens of up to seven bytes (two in three) are compared as one number with their length in its
  // top byte.
  static constexpr std::size_t kShort = 7;
  struct LongSlot {
    std::uint32_t tag = 0;
    Rank rank = kNoRank;
  };

  static std::uint64_t ShortKey(absl::string_view bytes);
  static std::uint64_t LongHash(absl::string_view bytes);
  Rank FindShort(absl::string_view bytes) const;
  Rank FindLong(absl::string_view bytes) const;
  void Insert(Rank rank);

  std::string file_;
  std::vector<std::uint32_t> offsets_;  // into file_, of every token and of the end
  std::size_t longest_ = 0;
  std::vector<std::uint64_t> short_keys_;  // open addressing, 0 is free
  std::vector<Rank> short_ranks_;
  unsigned short_shift_ = 0;
  std::vector<LongSlot> long_slots_;
  unsigned long_shift_ = 0;
};

}  // namespace countersign::text
