#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/crypto/signing_key.h"
#include "libs/domain/review_log.h"
#include "services/session_recorder/session_record.h"

// Signed statements about all sessions.
//
// Every session has a *position*, assigned by the first checkpoint that covers it and never reused.
// The leaf at that position holds the newest link of the session's chain and whether the session
// has ended. A checkpoint signs the root over all positions, so a later change of a recorded event,
// or the disappearance of a session, contradicts a signature. One more leaf, beside the sessions,
// is for the head of approval's log (libs/domain/review_log.h). Checkpoints are numbered from 1
// without gaps; each contains the hash of the previous one.
namespace countersign::session_recorder::chain {

struct SessionHead {
  std::uint64_t position = kNoPosition;  // not assigned yet
  std::string session_id;
  Head head;
  bool ended = false;
};

struct Checkpoint {
  std::uint64_t number = 0;
  absl::Time at;
  std::uint64_t size = 0;  // positions assigned so far
  std::string root;        // 32 raw bytes: RootWith
  // The head of approval's log; absent in checkpoints of earlier versions.
  std::optional<domain::ReviewLogHead> reviews;
  std::string previous;    // CheckpointHash of number - 1; 32 zero bytes for the first
  std::string public_key;  // 32 raw bytes
  std::string signature;   // 64 raw bytes, over CheckpointBytes
  // The positions whose leaf changed since the previous checkpoint, in order.
  std::vector<SessionHead> heads;
};

// The Merkle leaf of a session, and of approval's log.
std::string HeadLeaf(const SessionHead& head);
std::string ReviewsLeaf(const domain::ReviewLogHead& head);

// The root that a checkpoint signs: that of all positions, alone or with the leaf of the reviews as
// its right sibling.
std::string RootWith(const std::string& sessions_root,
                     const std::optional<domain::ReviewLogHead>& reviews);

// The signed bytes: every member except `heads`, which the root covers, and the signature.
std::string CheckpointBytes(const Checkpoint& checkpoint);
std::string CheckpointHash(const Checkpoint& checkpoint);
void Sign(const crypto::SigningKey& key, Checkpoint& checkpoint);
bool SignatureIsValid(const Checkpoint& checkpoint);

}  // namespace countersign::session_recorder::chain
