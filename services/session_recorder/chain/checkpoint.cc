#include "services/session_recorder/chain/checkpoint.h"

#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "services/session_recorder/chain/merkle_tree.h"

namespace countersign::session_recorder::chain {

std::string HeadLeaf(const SessionHead& head) {
  return MerkleLeaf(LengthPrefixed()
                        .Add("countersign head")
                        .Add(head.session_id)
                        .Add(std::uint64_t{head.head.index})
                        .Add(head.head.hash)
                        .Add(std::uint64_t{head.ended})
                        .bytes());
}

std::string ReviewsLeaf(const domain::ReviewLogHead& head) {
  return MerkleLeaf(
      LengthPrefixed().Add("countersign reviews").Add(head.sequence).Add(head.hash).bytes());
}

std::string RootWith(const std::string& sessions_root,
                     const std::optional<domain::ReviewLogHead>& reviews) {
  return reviews ? MerkleNode(sessions_root, ReviewsLeaf(*reviews)) : sessions_root;
}

std::string CheckpointBytes(const Checkpoint& checkpoint) {
  // The label defines how the root was computed.
  return LengthPrefixed()
      .Add(checkpoint.reviews ? "countersign checkpoint with reviews" : "countersign checkpoint")
      .Add(checkpoint.number)
      .Add(static_cast<std::uint64_t>(absl::ToUnixNanos(checkpoint.at)))
      .Add(checkpoint.size)
      .Add(checkpoint.root)
      .Add(checkpoint.previous)
      .Add(checkpoint.public_key)
      .bytes();
}

std::string CheckpointHash(const Checkpoint& checkpoint) {
  return crypto::Sha256(CheckpointBytes(checkpoint));
}

void Sign(const crypto::SigningKey& key, Checkpoint& checkpoint) {
  checkpoint.public_key = key.public_key();
  checkpoint.signature = key.Sign(CheckpointBytes(checkpoint));
}

bool SignatureIsValid(const Checkpoint& checkpoint) {
  return crypto::VerifyEd25519(checkpoint.public_key, CheckpointBytes(checkpoint),
                               checkpoint.signature);
}

}  // namespace countersign::session_recorder::chain
