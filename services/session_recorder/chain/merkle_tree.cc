#include "services/session_recorder/chain/merkle_tree.h"

#include "absl/strings/str_cat.h"
#include "libs/crypto/hash.h"

namespace countersign::session_recorder::chain {

std::string MerkleNode(const std::string& left, const std::string& right) {
  return crypto::Sha256(absl::StrCat("\x01", left, right));
}

std::string MerkleLeaf(absl::string_view entry) {
  return crypto::Sha256(absl::StrCat(absl::string_view("\0", 1), entry));
}

void MerkleTree::Set(std::size_t position, const std::string& leaf) {
  if (levels_.empty()) levels_.emplace_back();
  std::size_t at = position;
  std::string node = leaf;
  for (std::size_t k = 0;; ++k) {
    std::vector<std::string>& level = levels_[k];
    if (at == level.size()) {
      level.push_back(node);
    } else {
      level[at] = node;
    }
    if (level.size() == 1) return;
    const std::size_t left = at & ~std::size_t{1};
    node = left + 1 < level.size() ? MerkleNode(level[left], level[left + 1]) : level[left];
    at /= 2;
    if (k + 1 == levels_.size()) levels_.emplace_back();
  }
}

std::string MerkleTree::Root() const {
  return levels_.empty() ? crypto::Sha256("") : levels_.back()[0];
}

std::vector<std::string> MerkleTree::Proof(std::size_t position) const {
  std::vector<std::string> proof;
  for (const std::vector<std::string>& level : levels_) {
    const std::size_t sibling = position ^ 1;
    if (sibling < level.size()) proof.push_back(level[sibling]);
    position /= 2;
  }
  return proof;
}

std::string RootOfProof(std::size_t position, std::size_t size, const std::string& leaf,
                        const std::vector<std::string>& proof) {
  if (position >= size) return "";
  std::string node = leaf;
  std::size_t used = 0;
  for (std::size_t width = size; width > 1; width = (width + 1) / 2, position /= 2) {
    const std::size_t sibling = position ^ 1;
    if (sibling >= width) continue;  // no sibling at this level
    if (used == proof.size()) return "";
    const std::string& other = proof[used++];
    node = sibling < position ? MerkleNode(other, node) : MerkleNode(node, other);
  }
  return used == proof.size() ? node : "";
}

}  // namespace countersign::session_recorder::chain
