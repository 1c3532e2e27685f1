#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace countersign::policy::rules {

// A set of policies as a bitmap, indexed by deciding order. 10,000 policies are 157 words, and
// operations process only words in use: a union or intersection is faster than evaluating one
// condition. Not thread-safe.
//
// REQUIRES: both operands of an operation were made for the same number of policies.
class PolicyBits {
 public:
  PolicyBits() = default;
  explicit PolicyBits(std::size_t policies)
      : words_count_((policies + 63) / 64),
        used_count_((words_count_ + 63) / 64),
        memory_(std::make_unique_for_overwrite<std::uint64_t[]>(words_count_ + used_count_)) {
    for (std::size_t i = 0; i < used_count_; ++i) used(i) = 0;
  }
  PolicyBits(const PolicyBits& other) { *this = other; }
  PolicyBits& operator=(const PolicyBits& other) {
    if (this == &other) return *this;
    if (words_count_ != other.words_count_) {
      words_count_ = other.words_count_;
      used_count_ = other.used_count_;
      memory_ = std::make_unique_for_overwrite<std::uint64_t[]>(words_count_ + used_count_);
    }
    for (std::size_t i = 0; i < used_count_; ++i) used(i) = 0;
    Union(other);
    return *this;
  }
  PolicyBits(PolicyBits&&) = default;
  PolicyBits& operator=(PolicyBits&&) = default;

  static PolicyBits All(std::size_t policies) {
    PolicyBits bits(policies);
    for (std::size_t i = 0; i < bits.words_count_; ++i) bits.memory_[i] = ~std::uint64_t{0};
    for (std::size_t i = 0; i < bits.used_count_; ++i) bits.used(i) = ~std::uint64_t{0};
    if (policies % 64 != 0) bits.memory_[bits.words_count_ - 1] = LowBits(policies % 64);
    if (bits.words_count_ % 64 != 0) {
      bits.used(bits.used_count_ - 1) = LowBits(bits.words_count_ % 64);
    }
    return bits;
  }

  void Set(std::size_t place) {
    const std::size_t word = place / 64;
    const std::uint64_t bit = std::uint64_t{1} << word % 64;
    std::uint64_t& in_use = used(word / 64);
    if ((in_use & bit) == 0) {
      in_use |= bit;
      memory_[word] = 0;
    }
    memory_[word] |= std::uint64_t{1} << place % 64;
  }
  void Clear(std::size_t place) {
    const std::size_t word = place / 64;
    if (IsUsed(word)) memory_[word] &= ~(std::uint64_t{1} << place % 64);
  }
  bool Has(std::size_t place) const {
    const std::size_t word = place / 64;
    return IsUsed(word) && (memory_[word] >> place % 64 & 1) != 0;
  }

  // Whether any policy is in both sets.
  bool Intersects(const PolicyBits& other) const {
    for (std::size_t i = 0; i < used_count_; ++i) {
      for (std::uint64_t left = used(i) & other.used(i); left != 0; left &= left - 1) {
        const std::size_t word = PlaceIn(i, left);
        if ((memory_[word] & other.memory_[word]) != 0) return true;
      }
    }
    return false;
  }
  // Adds the policies of `other`.
  void Union(const PolicyBits& other) {
    for (std::size_t i = 0; i < used_count_; ++i) {
      const std::uint64_t mine = used(i);
      ForEachWord(i, other.used(i) & ~mine, [&](std::size_t w) { memory_[w] = other.memory_[w]; });
      ForEachWord(i, other.used(i) & mine, [&](std::size_t w) { memory_[w] |= other.memory_[w]; });
      used(i) = mine | other.used(i);
    }
  }
  // Removes the policies that are not in `other`.
  void Intersect(const PolicyBits& other) {
    for (std::size_t i = 0; i < used_count_; ++i) {
      used(i) &= other.used(i);
      ForEachWord(i, used(i), [&](std::size_t w) { memory_[w] &= other.memory_[w]; });
    }
  }
  // Removes the policies of `other`.
  void Subtract(const PolicyBits& other) {
    for (std::size_t i = 0; i < used_count_; ++i) {
      ForEachWord(i, used(i) & other.used(i),
                  [&](std::size_t w) { memory_[w] &= ~other.memory_[w]; });
    }
  }

  static constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();
  // The first index at or after `place` that is set; kEnd if there is none.
  std::size_t Next(std::size_t place) const {
    const std::size_t first = place / 64;
    if (first >= words_count_) return kEnd;
    if (IsUsed(first)) {
      const std::uint64_t word = memory_[first] & ~std::uint64_t{0} << place % 64;
      if (word != 0) return PlaceIn(first, word);
    }
    for (std::size_t i = (first + 1) / 64; i < used_count_; ++i) {
      std::uint64_t left = used(i);
      if (i == (first + 1) / 64) left &= ~std::uint64_t{0} << (first + 1) % 64;
      for (; left != 0; left &= left - 1) {
        const std::size_t word = PlaceIn(i, left);
        if (memory_[word] != 0) return PlaceIn(word, memory_[word]);
      }
    }
    return kEnd;
  }

 private:
  static std::uint64_t LowBits(std::size_t count) { return (std::uint64_t{1} << count) - 1; }
  static std::size_t PlaceIn(std::size_t index, std::uint64_t bits) {
    return index * 64 + static_cast<std::size_t>(__builtin_ctzll(bits));
  }

  // Calls `use` for those of the 64 words from `i` on that are in `words`. Runs are a plain loop,
  // which the compiler can vectorise.
  template <typename Use>
  void ForEachWord(std::size_t i, std::uint64_t words, const Use& use) const {
    constexpr int kMany = 16;
    while (words != 0) {
      const std::size_t first = PlaceIn(i, words);
      const std::uint64_t from = words >> first % 64;
      const int run = std::countr_one(from);
      if (run < kMany) {
        use(first);
        words &= words - 1;
        continue;
      }
      const std::size_t end = first + static_cast<std::size_t>(run);
      for (std::size_t w = first; w < end; ++w) use(w);
      if (end % 64 == 0) return;
      words &= ~std::uint64_t{0} << end % 64;
    }
  }

  std::uint64_t& used(std::size_t i) { return memory_[words_count_ + i]; }
  std::uint64_t used(std::size_t i) const { return memory_[words_count_ + i]; }
  bool IsUsed(std::size_t word) const { return (used(word / 64) >> word % 64 & 1) != 0; }

  std::size_t words_count_ = 0;
  std::size_t used_count_ = 0;
  // The words, followed by one bit per word in use. Words not in use are empty and uninitialised.
  std::unique_ptr<std::uint64_t[]> memory_;
};

// A set of policies that is usually small: a list of indexes, or a bitmap if that is smaller.
class Posting {
 public:
  // REQUIRES: ascending order. Adding the last index again has no effect.
  void Add(std::size_t place) {
    if (list_.empty() || list_.back() != place) list_.push_back(static_cast<std::uint32_t>(place));
  }
  // Call once, after the last Add and before the first use. `policies` is their total number.
  void Finish(std::size_t policies) {
    if (list_.size() < policies / 32 + 8) return;
    bits_ = PolicyBits(policies);
    for (const std::uint32_t place : list_) bits_.Set(place);
    list_ = {};
    dense_ = true;
  }
  void AddTo(PolicyBits& bits) const {
    if (dense_) bits.Union(bits_);
    for (const std::uint32_t place : list_) bits.Set(place);
  }
  void RemoveFrom(PolicyBits& bits) const {
    if (dense_) bits.Subtract(bits_);
    for (const std::uint32_t place : list_) bits.Clear(place);
  }

 private:
  std::vector<std::uint32_t> list_;
  PolicyBits bits_;
  bool dense_ = false;
};

}  // namespace countersign::policy::rules
