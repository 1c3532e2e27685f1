#include "services/session_recorder/chain/record_tree.h"

#include <algorithm>

namespace countersign::session_recorder::chain {

void RecordTree::Set(std::size_t position, const std::string& leaf, bool is_final) {
  const std::size_t number = position / kChunkLeaves, place = position % kChunkLeaves;
  OpenChunk& chunk = open_[number];
  chunk.tree.Set(place, leaf);
  chunk.is_final.resize(chunk.tree.size());
  if (is_final && !chunk.is_final[place]) ++chunk.finals;
  chunk.is_final[place] = is_final;
  size_ = std::max(size_, position + 1);
  chunks_.Set(number, chunk.tree.Root());
  if (chunk.finals == kChunkLeaves) open_.erase(number);
}

bool RecordTree::IsFinal(std::size_t position) const {
  if (position >= size_) return false;
  const auto chunk = open_.find(position / kChunkLeaves);
  return chunk == open_.end() || chunk->second.is_final[position % kChunkLeaves];
}

RecordTree::Proof RecordTree::MakeProof(std::size_t position, const MerkleTree& chunk) const {
  Proof proof{chunk.leaf(position % kChunkLeaves), chunk.Proof(position % kChunkLeaves)};
  const std::vector<std::string> above = chunks_.Proof(position / kChunkLeaves);
  proof.path.insert(proof.path.end(), above.begin(), above.end());
  return proof;
}

std::optional<RecordTree::Proof> RecordTree::Prove(std::size_t position) const {
  const auto chunk = open_.find(position / kChunkLeaves);
  if (position >= size_ || chunk == open_.end()) return std::nullopt;
  return MakeProof(position, chunk->second.tree);
}

std::optional<RecordTree::Proof> RecordTree::Prove(std::size_t position,
                                                   const std::vector<std::string>& leaves) const {
  if (position >= size_ || leaves.size() != kChunkLeaves) return std::nullopt;
  MerkleTree chunk;
  for (std::size_t i = 0; i < leaves.size(); ++i) chunk.Set(i, leaves[i]);
  if (chunk.Root() != chunks_.leaf(position / kChunkLeaves)) return std::nullopt;
  return MakeProof(position, chunk);
}

}  // namespace countersign::session_recorder::chain
