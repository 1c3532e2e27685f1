#pragma once

#include <map>

#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/crypto/signing_key.h"
#include "services/session_recorder/chain/checkpoint_sink.h"
#include "services/session_recorder/chain/record_tree.h"
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
  // approval's log was cut or changed. With kFollowed it covers every line that approval wrote
  // before what the sessions have recorded; UNAVAILABLE when approval cannot be reached.
  enum class Log { kIfReachable, kFollowed };
  absl::StatusOr<Checkpoint> Force(Log log = Log::kIfReachable);

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
  domain::ReviewLog* review_log() const { return options_.review_log; }  // may be null
  const std::vector<std::string>& trusted_keys() const { return options_.trusted_keys; }

 private:
  absl::Status Load();
  absl::Status LoadTree();
  void Cover(const SessionHead& head);
  // The leaf and path of a final position, and its head, which is read from the store. DATA_LOSS
  // when the store has other heads than the tree.
  struct FinalHead {
    SessionHead head;
    RecordTree::Proof proof;
  };
  absl::StatusOr<FinalHead> ReadFinal(std::uint64_t position);
  // Whether the newest checkpoint covers exactly `head`. DATA_LOSS when it was changed since.
  absl::StatusOr<bool> IsCovered(const SessionHead& head);
  absl::Status CheckSinks();
  absl::Status Publish();
  absl::Status FollowReviews(Log log);
  absl::StatusOr<std::vector<SessionHead>> NewHeads();
  absl::Status MakeOne(Log log);
  absl::Status Append(std::vector<SessionHead> heads, Log log);
  bool Trusts(const std::string& public_key) const;

  store::RecordStore& store_;
  const Clock& clock_;
  const crypto::SigningKey key_;
  const RecorderMetrics metrics_;
  const CheckpointOptions options_;

  Mutex mutex_;
  bool loaded_ = false;
  RecordTree tree_;
  // By position, the newest covered event of sessions whose end is not covered; to detect chains
  // that shrank. Every other position of the tree is final.
  std::map<std::uint64_t, std::uint32_t> running_;
  std::vector<SessionHead> chunk_;                // that ReadFinal read last
  Checkpoint last_;                               // number 0 before the first
  std::optional<domain::ReviewLogHead> reviews_;  // the head of approval's log
  std::uint64_t published_ = 0;                   // the newest that every sink has
};

}  // namespace countersign::session_recorder::chain
