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

std::string CheckpointBytes(const Checkpoint& checkpoint) {
  return LengthPrefixed()
      .Add("countersign checkpoint")
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
