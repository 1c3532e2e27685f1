#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/crypto/signing_key.h"
#include "services/session_recorder/session_record.h"

// Signed statements about all sessions at once.
//
// Every session has a *position*, given by the first checkpoint that sees it and never reused; the
// leaf at that position says how far the session's chain had come and whether it had ended. A
// checkpoint signs the root over all positions, so a later change of any recorded event, or the
// disappearance of a session, contradicts a signature. Checkpoints are numbered from 1 without gaps
// and each names the one before it by hash.
namespace countersign::session_recorder::chain {

struct SessionHead {
  std::uint64_t position = kNoPosition;  // none yet
  std::string session_id;
  Head head;
  bool ended = false;
};

struct Checkpoint {
  std::uint64_t number = 0;
  absl::Time at;
  std::uint64_t size = 0;  // positions given so far
  std::string root;        // 32 raw bytes
  std::string previous;    // CheckpointHash of number - 1; 32 zero bytes for the first
  std::string public_key;  // 32 raw bytes
  std::string signature;   // 64 raw bytes, over CheckpointBytes
  // What is new since the checkpoint before: the positions whose leaf changed, ordered.
  std::vector<SessionHead> heads;
};

// The Merkle leaf of a session.
std::string HeadLeaf(const SessionHead& head);

// What is signed: everything but `heads` (they are in the root) and the signature.
std::string CheckpointBytes(const Checkpoint& checkpoint);
std::string CheckpointHash(const Checkpoint& checkpoint);
void Sign(const crypto::SigningKey& key, Checkpoint& checkpoint);
bool SignatureIsValid(const Checkpoint& checkpoint);

}  // namespace countersign::session_recorder::chain
