#include "services/session_recorder/chain/merkle_tree.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"

namespace countersign::session_recorder::chain {
namespace {

// The definition in RFC 6962 §2.1, without optimisation.
std::string ReferenceRoot(const std::vector<std::string>& leaves) {
  if (leaves.empty()) return crypto::Sha256("");
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return crypto::Sha256(absl::StrCat("\x01", ReferenceRoot({leaves.begin(), leaves.begin() + k}),
                                     ReferenceRoot({leaves.begin() + k, leaves.end()})));
}

}  // namespace

TEST_CASE("MerkleTree: gives the roots of the RFC 6962 test vectors", "[session_recorder]") {
  // The inputs and roots of certificate-transparency's reference tests.
  const std::vector<std::string> inputs = {"",
                                           "00",
                                           "10",
                                           "2021",
                                           "3031",
                                           "40414243",
                                           "5051525354555657",
                                           "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleTree tree;
  CHECK(HexEncode(tree.Root()) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    tree.Set(i, MerkleLeaf(*HexDecode(inputs[i])));
    CHECK(HexEncode(tree.Root()) == roots[i]);
  }
}

TEST_CASE(
    "MerkleTree: after any appends and replacements the root is that of its leaves, and "
    "every proof leads to it",
    "[session_recorder][property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 dice(seed);
  MerkleTree tree;
  std::vector<std::string> leaves;
  for (int step = 0; step < 120; ++step) {
    const bool append = leaves.empty() || dice() % 3 != 0;
    const std::size_t position = append ? leaves.size() : dice() % leaves.size();
    const std::string leaf = MerkleLeaf(std::to_string(dice()));
    if (append) leaves.emplace_back();
    leaves[position] = leaf;
    tree.Set(position, leaf);
    REQUIRE(tree.Root() == ReferenceRoot(leaves));
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      REQUIRE(RootOfProof(i, leaves.size(), leaves[i], tree.Proof(i)) == tree.Root());
    }
  }
}

TEST_CASE("RootOfProof: another position, leaf, length or node does not lead to the root",
          "[session_recorder]") {
  MerkleTree tree;
  for (std::size_t i = 0; i < 7; ++i) tree.Set(i, MerkleLeaf(std::to_string(i)));
  const std::vector<std::string> proof = tree.Proof(3);
  const std::string root = tree.Root();
  REQUIRE(RootOfProof(3, 7, tree.leaf(3), proof) == root);
  CHECK(RootOfProof(2, 7, tree.leaf(3), proof) != root);
  CHECK(RootOfProof(3, 7, tree.leaf(2), proof) != root);
  CHECK(RootOfProof(7, 7, tree.leaf(3), proof).empty());
  std::vector<std::string> longer = proof;
  longer.push_back(std::string(32, 'x'));
  CHECK(RootOfProof(3, 7, tree.leaf(3), longer).empty());
  std::vector<std::string> shorter(proof.begin(), proof.end() - 1);
  CHECK(RootOfProof(3, 7, tree.leaf(3), shorter).empty());
  std::vector<std::string> forged = proof;
  forged[1][0] ^= 1;
  CHECK(RootOfProof(3, 7, tree.leaf(3), forged) != root);
}

}  // namespace countersign::session_recorder::chain
