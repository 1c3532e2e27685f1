#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

// Sets of policies as bits, by their place in the order in which policies decide. Ten thousand
// policies are 157 words, so that whole sets are joined and met faster than one condition is read.
namespace countersign::policy {

class PolicyBits {
 public:
  PolicyBits() = default;
  explicit PolicyBits(std::size_t policies) : words_((policies + 63) / 64) {}

  static PolicyBits All(std::size_t policies) {
    PolicyBits bits(policies);
    for (std::uint64_t& word : bits.words_) word = ~std::uint64_t{0};
    if (policies % 64 != 0) bits.words_.back() = (std::uint64_t{1} << policies % 64) - 1;
    return bits;
  }

  void Set(std::size_t place) { words_[place / 64] |= std::uint64_t{1} << place % 64; }
  void Clear(std::size_t place) { words_[place / 64] &= ~(std::uint64_t{1} << place % 64); }

  bool Meets(const PolicyBits& other) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if ((words_[i] & other.words_[i]) != 0) return true;
    }
    return false;
  }
  void Join(const PolicyBits& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  void Keep(const PolicyBits& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }
  void Remove(const PolicyBits& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  }

  static constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();
  // The first place at or after `place` that is set; kEnd when there is none.
  std::size_t Next(std::size_t place) const {
    std::size_t i = place / 64;
    if (i >= words_.size()) return kEnd;
    std::uint64_t word = words_[i] & ~std::uint64_t{0} << place % 64;
    while (word == 0) {
      if (++i == words_.size()) return kEnd;
      word = words_[i];
    }
    return i * 64 + static_cast<std::size_t>(__builtin_ctzll(word));
  }

 private:
  std::vector<std::uint64_t> words_;
};

// A set that is small more often than not: the places themselves until the bits take less room.
class Posting {
 public:
  // Places come in ascending order; the same one again is left out.
  void Add(std::size_t place) {
    if (list_.empty() || list_.back() != place) list_.push_back(static_cast<std::uint32_t>(place));
  }
  // After the last Add, before the first use. `policies`: how many there are.
  void Finish(std::size_t policies) {
    if (list_.size() < policies / 32 + 8) return;
    bits_ = PolicyBits(policies);
    for (const std::uint32_t place : list_) bits_.Set(place);
    list_ = {};
    dense_ = true;
  }
  void JoinTo(PolicyBits& bits) const {
    if (dense_) bits.Join(bits_);
    for (const std::uint32_t place : list_) bits.Set(place);
  }
  void RemoveFrom(PolicyBits& bits) const {
    if (dense_) bits.Remove(bits_);
    for (const std::uint32_t place : list_) bits.Clear(place);
  }

 private:
  std::vector<std::uint32_t> list_;
  PolicyBits bits_;
  bool dense_ = false;
};

}  // namespace countersign::policy
