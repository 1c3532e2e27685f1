#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/session_recorder/chain/merkle_tree.h"

namespace countersign::session_recorder::chain {

// The Merkle tree (RFC 6962) over the heads of all sessions, in bounded memory. Leaves are in
// chunks. Of a chunk whose sessions have all ended only the root is kept, a quarter of a byte per
// session; the others, where a session runs or that are not full, cost about 16 KiB. Not
// thread-safe.
class RecordTree {
 public:
  static constexpr std::size_t kChunkLeaves = 256;

  // Replaces the leaf at `position`, or appends it; a final one is never replaced again.
  // REQUIRES: position <= size(), and the leaf there is not final.
  void Set(std::size_t position, const std::string& leaf, bool is_final);

  std::size_t size() const { return size_; }
  std::string Root() const { return chunks_.Root(); }
  // Whether a leaf at this position will not be replaced any more.
  bool IsFinal(std::size_t position) const;

  // The range of positions, of kChunkLeaves at most, that a proof for `position` is made from.
  static std::size_t ChunkBegin(std::size_t position) {
    return position / kChunkLeaves * kChunkLeaves;
  }
  // The leaf, and its audit path to the root as in RFC 6962 §2.1.1.
  struct Proof {
    std::string leaf;
    std::vector<std::string> path;
  };
  // From what is in memory. nullopt: the chunk is closed, its leaves are needed.
  std::optional<Proof> Prove(std::size_t position) const;
  // From the leaves of the closed chunk. nullopt: they are not those of the tree.
  std::optional<Proof> Prove(std::size_t position, const std::vector<std::string>& leaves) const;

  // The number of chunks in memory.
  std::size_t open_chunks() const { return open_.size(); }

 private:
  struct OpenChunk {
    MerkleTree tree;
    std::vector<bool> is_final;
    std::size_t finals = 0;
  };
  Proof MakeProof(std::size_t position, const MerkleTree& chunk) const;

  std::size_t size_ = 0;
  MerkleTree chunks_;                      // over the roots of the chunks
  std::map<std::size_t, OpenChunk> open_;  // by chunk
};

}  // namespace countersign::session_recorder::chain
