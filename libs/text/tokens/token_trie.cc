#include "libs/text/tokens/token_trie.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace countersign::text::tokens {
namespace {

constexpr std::size_t kBlock = 256;

// The slots without a node. Grows by a block on demand.
class FreeSlots {
 public:
  bool Contains(std::size_t slot) const {
    return slot >= size() || (words_[slot / 64] >> slot % 64 & 1) != 0;
  }

  // The first free slot at or after `from`.
  std::size_t Next(std::size_t from) const {
    for (std::size_t word = from / 64; word < words_.size(); ++word) {
      std::uint64_t bits = words_[word];
      if (word == from / 64) bits &= ~std::uint64_t{0} << from % 64;
      if (bits != 0) return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    }
    return std::max(from, size());
  }

  void Take(std::size_t slot) {
    if (slot >= size()) words_.resize((slot / kBlock + 1) * kBlock / 64, ~std::uint64_t{0});
    words_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
  }

  std::size_t size() const { return words_.size() * 64; }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace

class TokenTrie::Builder {
 public:
  explicit Builder(const std::vector<absl::string_view>& strings) : strings_(strings) {
    SortStrings();
    MakeNodes();
    PlaceChildren();
  }

  void Fill(std::vector<Slot>& slots) const {
    slots.resize(free_.size());
    std::vector<std::uint32_t> slot_of(nodes_.size(), 0);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      Slot& slot = slots[slot_of[i]];
      slot.edge = (i == 0 ? kFree : node.label) | node.base << kBaseShift;
      const std::uint32_t first = order_[node.begin];
      if (i != 0 && strings_[first].size() == node.depth) slot.number = first;
      for (std::uint32_t child = 0; child < node.children; ++child) {
        slot_of[node.first_child + child] = node.base ^ nodes_[node.first_child + child].label;
      }
    }
  }

 private:
  // The strings order_[begin, end), which share their first `depth` bytes.
  struct Node {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t first_child = 0;
    std::uint32_t base = 0;  // 0: no children
    std::uint16_t children = 0;
    std::uint8_t depth = 0;
    std::uint8_t label = 0;
  };

  void SortStrings() {
    // Compares most strings by their first eight bytes as one number.
    std::vector<std::uint64_t> heads(strings_.size());
    for (std::size_t i = 0; i < strings_.size(); ++i) {
      std::uint64_t head = 0;
      std::memcpy(&head, strings_[i].data(), std::min(strings_[i].size(), sizeof head));
      heads[i] = __builtin_bswap64(head);
    }
    order_.resize(strings_.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return heads[a] != heads[b] ? heads[a] < heads[b] : strings_[a] < strings_[b];
    });
  }

  void MakeNodes() {
    nodes_.reserve(strings_.size() * 3);
    nodes_.push_back({.end = static_cast<std::uint32_t>(strings_.size())});
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      Node node = nodes_[i];
      node.first_child = static_cast<std::uint32_t>(nodes_.size());
      std::uint32_t at = node.begin;
      if (strings_[order_[at]].size() == node.depth) ++at;
      while (at < node.end) {
        const auto label = static_cast<std::uint8_t>(strings_[order_[at]][node.depth]);
        const std::uint32_t begin = at;
        while (at < node.end &&
               static_cast<std::uint8_t>(strings_[order_[at]][node.depth]) == label) {
          ++at;
        }
        nodes_.push_back({.begin = begin,
                          .end = at,
                          .depth = static_cast<std::uint8_t>(node.depth + 1),
                          .label = label});
        ++node.children;
      }
      nodes_[i] = node;
    }
  }

  // Places nodes with many children first; others fit into the remaining gaps.
  void PlaceChildren() {
    for (std::size_t slot = 0; slot < kBlock; ++slot) free_.Take(slot);
    std::vector<std::vector<std::uint32_t>> by_children(kBlock + 1);
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) by_children[nodes_[i].children].push_back(i);
    for (std::size_t children = kBlock; children > 0; --children) {
      std::size_t from = kBlock;
      for (const std::uint32_t i : by_children[children]) PlaceChildren(nodes_[i], from);
    }
  }

  // Slots before `from` are not tried again for nodes of this size.
  void PlaceChildren(Node& node, std::size_t& from) {
    constexpr int kTries = 64;
    constexpr int kFew = 8;
    const Node* const first = &nodes_[node.first_child];
    int tries = 0;
    for (std::size_t slot = free_.Next(from);; slot = free_.Next(slot + 1)) {
      if (++tries == kTries) {
        from = slot;
        if (node.children > kFew) slot = free_.size();
      }
      const auto base = static_cast<std::uint32_t>(slot ^ first->label);
      if (IsBase(base)) continue;
      const bool fits = std::all_of(first, first + node.children, [&](const Node& child) {
        return free_.Contains(base ^ child.label);
      });
      if (!fits) continue;
      std::for_each(first, first + node.children,
                    [&](const Node& child) { free_.Take(base ^ child.label); });
      node.base = base;
      if (base >= is_base_.size()) is_base_.resize((base / kBlock + 1) * kBlock);
      is_base_[base] = true;
      return;
    }
  }

  bool IsBase(std::uint32_t base) const { return base < is_base_.size() && is_base_[base]; }

  const std::vector<absl::string_view>& strings_;
  std::vector<std::uint32_t> order_;
  std::vector<Node> nodes_;  // breadth first
  FreeSlots free_;
  std::vector<bool> is_base_;
};

TokenTrie::TokenTrie(const std::vector<absl::string_view>& strings) {
  Builder(strings).Fill(slots_);
  starts_.resize(std::size_t{1} << 16);
  for (unsigned bytes = 0; bytes < starts_.size(); ++bytes) {
    const char text[] = {static_cast<char>(bytes >> 8), static_cast<char>(bytes & 0xff)};
    Start& start = starts_[bytes];
    const Match match = Walk({text, 2}, 0, slots_[0].edge, {});
    start.number = match.number;
    start.size = static_cast<std::uint32_t>(match.size);
    std::uint32_t edge = slots_[0].edge;
    std::size_t depth = 0;
    for (; depth < 2; ++depth) {
      edge = slots_[edge >> kBaseShift ^ ByteAt({text, 2}, depth)].edge;
      if ((edge & kLabelMask) != ByteAt({text, 2}, depth)) break;
    }
    // Otherwise it keeps the edge of a free slot, from which no byte leads on.
    if (depth == 2) start.edge = edge;
  }
}

}  // namespace countersign::text::tokens
