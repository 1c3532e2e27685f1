#pragma once

#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/crypto/signing_key.h"
#include "services/session_recorder/chain/checkpoint_sink.h"
#include "services/session_recorder/chain/merkle_tree.h"
#include "services/session_recorder/recorder_metrics.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::chain {

struct CheckpointOptions {
  absl::Duration interval = absl::Seconds(5);       // while events are recorded
  absl::Duration idle_interval = absl::Minutes(1);  // between empty checkpoints
  std::vector<std::string> trusted_keys;  // public keys of earlier checkpoints, 32 raw bytes each
  // Store the newest checkpoint outside of the database; must outlive the checkpointer.
  std::vector<CheckpointSink*> sinks;
  domain::ReviewLog* review_log = nullptr;  // approval's; null: checkpoints are without it
};

// Signs checkpoints over all sessions. Which events it has covered it reads from the signed
// checkpoints and not from the sessions, so it never signs over a session that was changed later;
// it detects changed checkpoints when it loads them. It stops when a sink has a checkpoint that is
// not stored, and when approval's log does not continue the signed head. While approval is
// unreachable checkpoints repeat the last known head. Thread-safe; every call blocks on the store.
class Checkpointer {
 public:
  Checkpointer(store::RecordStore& store, const Clock& clock, crypto::SigningKey key,
               RecorderMetrics metrics, CheckpointOptions options = {});

  // Checks that the stored record is the one that was signed last; loads it if needed. DATA_LOSS
  // when stored checkpoints contradict their signatures, or a sink has one that is missing: the
  // database was set back or replaced. FAILED_PRECONDITION for a key that is not trusted.
  absl::Status CheckStored();

  // Makes a checkpoint when one is due.
  absl::Status Tick();

  // Makes a checkpoint now and returns it. Also the errors of CheckStored; DATA_LOSS when
  // approval's log was cut or changed.
  absl::StatusOr<Checkpoint> Force();

  // What the newest checkpoint says about one session.
  struct Covered {
    std::uint32_t index = 0;  // the newest covered event
    bool ended = false;
    std::vector<std::string> path;  // RFC 6962 audit path to its root
  };
  // The newest checkpoint, and what it covers at `positions`, in their order. UNAVAILABLE for a
  // position that it does not know.
  struct Statement {
    Checkpoint checkpoint;  // without heads
    std::vector<Covered> covered;
  };
  absl::StatusOr<Statement> State(const std::vector<std::uint64_t>& positions);

  const crypto::SigningKey& key() const { return key_; }
  const std::vector<std::string>& trusted_keys() const { return options_.trusted_keys; }

 private:
  absl::Status Load();
  absl::Status LoadTree();
  absl::Status CheckSinks();
  absl::Status Publish();
  absl::Status FollowReviews();
  absl::StatusOr<std::vector<SessionHead>> NewHeads();
  absl::Status MakeOne();
  absl::Status Append(std::vector<SessionHead> heads);
  bool Trusts(const std::string& public_key) const;

  store::RecordStore& store_;
  const Clock& clock_;
  const crypto::SigningKey key_;
  const RecorderMetrics metrics_;
  const CheckpointOptions options_;

  Mutex mutex_;
  bool loaded_ = false;
  MerkleTree tree_;
  struct Seen {
    std::uint32_t index = 0;
    bool ended = false;
  };
  std::vector<Seen> seen_;  // by position; to detect chains that shrank or grew after their end
  Checkpoint last_;         // number 0 before the first
  std::optional<domain::ReviewLogHead> reviews_;  // the head of approval's log
  std::uint64_t published_ = 0;                   // the newest that every sink has
};

}  // namespace countersign::session_recorder::chain
