#include "services/session_recorder/chain/record_tree.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace countersign::session_recorder::chain {
namespace {

std::string RandomLeaf(std::mt19937& dice) { return MerkleLeaf(std::to_string(dice())); }

}  // namespace

TEST_CASE("RecordTree: root and proofs are those of a tree that keeps everything",
          "[session_recorder][property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 dice(seed);
  RecordTree tree;
  MerkleTree reference;
  std::vector<std::string> leaves;
  std::set<std::size_t> running;
  for (int step = 0; step < 6000; ++step) {
    std::size_t position = leaves.size();
    if (!running.empty() && dice() % 2 == 0) {
      position = *std::next(running.begin(), static_cast<std::ptrdiff_t>(dice() % running.size()));
    } else {
      leaves.emplace_back();
    }
    leaves[position] = RandomLeaf(dice);
    const bool is_final = dice() % 2 == 0;
    tree.Set(position, leaves[position], is_final);
    reference.Set(position, leaves[position]);
    if (is_final) running.erase(position);
    if (!is_final) running.insert(position);
    CHECK(tree.IsFinal(position) == is_final);
    if (step % 97 != 0) continue;
    REQUIRE(tree.Root() == reference.Root());
    REQUIRE(tree.size() == leaves.size());
    const std::size_t asked = dice() % leaves.size();
    auto proof = tree.Prove(asked);
    if (!proof) {
      const auto begin =
          leaves.begin() + static_cast<std::ptrdiff_t>(RecordTree::ChunkBegin(asked));
      std::vector<std::string> chunk(begin, begin + RecordTree::kChunkLeaves);
      proof = tree.Prove(asked, chunk);
      chunk[dice() % chunk.size()] = RandomLeaf(dice);
      CHECK_FALSE(tree.Prove(asked, chunk));
      chunk.pop_back();
      CHECK_FALSE(tree.Prove(asked, chunk));
    }
    REQUIRE(proof);
    CHECK(proof->leaf == leaves[asked]);
    CHECK(proof->path == reference.Proof(asked));
  }
  CHECK(tree.open_chunks() < leaves.size() / RecordTree::kChunkLeaves);
}

TEST_CASE("RecordTree: memory does not grow with sessions that have ended", "[session_recorder]") {
  RecordTree tree;
  constexpr std::size_t kSessions = 100'000;
  const std::string leaf = MerkleLeaf("x");
  for (std::size_t i = 0; i < kSessions; ++i) {
    tree.Set(i, leaf, /*is_final=*/i != 300);
    CHECK(tree.open_chunks() <= 2);  // the newest, and the one of the session that runs
  }
  CHECK_FALSE(tree.IsFinal(300));
  CHECK(tree.IsFinal(299));
  CHECK_FALSE(tree.IsFinal(kSessions));
  CHECK_FALSE(tree.Prove(0));  // closed
  CHECK_FALSE(tree.Prove(kSessions));
  tree.Set(300, leaf, /*is_final=*/true);
  CHECK(tree.open_chunks() == 1);
}

}  // namespace countersign::session_recorder::chain
