#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text::tokens {

// A set of numbered byte strings that is walked byte by byte, with one load of eight bytes per
// step. A double-array trie (J. Aoe, "An efficient digital search algorithm by using a double-array
// structure", 1989) with the children of a node at `base ^ byte`, so that a slot's label identifies
// its parent. Immutable; thread-safe.
class TokenTrie {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  struct Match {
    std::uint32_t number = kNone;
    std::size_t size = 0;
  };

  // The string at index i gets the number i. REQUIRES: strings are not empty and all different,
  // with fewer than two million bytes in total.
  explicit TokenTrie(const std::vector<absl::string_view>& strings);

  // The longest string that is a prefix of `text`.
  Match Longest(absl::string_view text) const {
    if (text.size() < 2) return Walk(text, 0, slots_[0].edge, {});
    const Start& start = starts_[ByteAt(text, 0) << 8 | ByteAt(text, 1)];
    return Walk(text, 2, start.edge, {start.number, start.size});
  }

  // The number of the string equal to `text`, or kNone.
  std::uint32_t Find(absl::string_view text) const {
    const Match match = Longest(text);
    return match.size == text.size() ? match.number : kNone;
  }

 private:
  class Builder;

  struct Slot {
    // The label of the edge that leads here in the low 9 bits (256: free slot), and above them the
    // base of the children.
    std::uint32_t edge = kFree;
    std::uint32_t number = kNone;  // of the string that ends here
  };
  // The state of the walk after two bytes.
  struct Start {
    std::uint32_t edge = kFree;
    std::uint32_t number = kNone;
    std::uint32_t size = 0;
  };
  static constexpr std::uint32_t kLabelMask = 0x1ff;
  static constexpr std::uint32_t kFree = 0x100;
  static constexpr unsigned kBaseShift = 9;

  static unsigned ByteAt(absl::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
  }

  // Continues from `edge`, at depth `from`, as long as possible; `match` is the longest so far.
  Match Walk(absl::string_view text, std::size_t from, std::uint32_t edge, Match match) const {
    for (std::size_t i = from; i < text.size(); ++i) {
      const unsigned byte = ByteAt(text, i);
      const Slot& slot = slots_[edge >> kBaseShift ^ byte];
      edge = slot.edge;
      if ((edge & kLabelMask) != byte) break;
      // Branch-free: whether a string ends here cannot be predicted.
      const bool ends = slot.number != kNone;
      match.number = ends ? slot.number : match.number;
      match.size = ends ? i + 1 : match.size;
    }
    return match;
  }

  std::vector<Slot> slots_;
  std::vector<Start> starts_;  // by the first two bytes
};

}  // namespace countersign::text::tokens
