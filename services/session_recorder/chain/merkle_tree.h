#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::session_recorder::chain {

// SHA-256(0x00 ‖ entry), the leaf of RFC 6962 §2.1.
std::string MerkleLeaf(absl::string_view entry);

// SHA-256(0x01 ‖ left ‖ right), the node above two.
std::string MerkleNode(const std::string& left, const std::string& right);

// A Merkle tree as in RFC 6962 §2.1 whose leaves can be replaced, because a running session's leaf
// changes. Keeps every node, so that a replacement, the root and a proof cost
// O(log n). Not thread-safe.
class MerkleTree {
 public:
  std::size_t size() const { return levels_.empty() ? 0 : levels_[0].size(); }
  const std::string& leaf(std::size_t position) const { return levels_[0][position]; }

  // Replaces the leaf at `position`, or appends it. REQUIRES: position <= size().
  void Set(std::size_t position, const std::string& leaf);

  // SHA-256 of the empty string while the tree is empty.
  std::string Root() const;

  // The audit path of RFC 6962 §2.1.1, from the leaf upwards. REQUIRES: position < size().
  std::vector<std::string> Proof(std::size_t position) const;

 private:
  // levels_[k][i] covers the leaves from i·2^k; a node without a right sibling is its left child.
  std::vector<std::vector<std::string>> levels_;
};

// The root that results from `leaf` at `position` of a tree of `size` leaves and `proof`; "" when
// the proof has the wrong length.
std::string RootOfProof(std::size_t position, std::size_t size, const std::string& leaf,
                        const std::vector<std::string>& proof);

}  // namespace countersign::session_recorder::chain
