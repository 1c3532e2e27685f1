#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/session_recorder/chain/checkpoint.h"
#include "services/session_recorder/session_record.h"

namespace countersign::session_recorder::store {

// What one group commit does to one session.
struct SessionWrite {
  bool opens = false;                // insert `row`; otherwise move the existing row forward
  SessionRow row;                    // as it is afterwards, head included
  std::uint32_t previous_index = 0;  // what the head must be now
  std::uint64_t previous_epoch = 1;  // what the epoch must be now
  bool describes = true;             // false: of the row only the head is new
  std::vector<SealedEvent> events;   // at least one
};

struct SessionFilter {
  std::string identity;                              // empty: any
  std::string connection;                            // empty: any
  std::optional<domain::Outcome> outcome;            // kRunning finds what has not ended
  absl::Time since = absl::InfinitePast();           // started at or after
  absl::Time until = absl::InfiniteFuture();         // started before
  std::optional<std::set<std::string>> connections;  // what the auditor may see; absent: all
  // The place in the list, newest first, after which to go on.
  absl::Time before_time = absl::InfiniteFuture();
  std::string before_id;
};

// Where records live. Blocking; every method may fail with UNAVAILABLE. Thread-safe.
class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // Writes all of `writes` (of distinct sessions) in one transaction, durable when it returns, and
  // answers the ids of those it refused and left untouched: an id that exists already, an epoch or
  // head that is not the expected one, a session that has ended. UNKNOWN with reason
  // `commit_unknown` when the outcome is not known.
  virtual absl::StatusOr<std::set<std::string>> Commit(const std::vector<SessionWrite>& writes) = 0;

  virtual absl::StatusOr<std::optional<SessionRow>> Find(const std::string& id) = 0;

  // Newest first, by start and id.
  virtual absl::StatusOr<std::vector<SessionRow>> List(const SessionFilter& filter,
                                                       std::size_t limit) = 0;

  // Sessions whose position is at least `from`, in the order of positions.
  virtual absl::StatusOr<std::vector<SessionRow>> ByPosition(std::uint64_t from,
                                                             std::size_t limit) = 0;

  // Events with a greater index than `after`, in order: at most `max_events`, and no more after the
  // one that brings the sealed bytes to `max_bytes`.
  virtual absl::StatusOr<std::vector<SealedEvent>> Events(const SessionRow& session,
                                                          std::uint32_t after,
                                                          std::size_t max_events,
                                                          std::size_t max_bytes) = 0;

  // True when the session exists and has not ended; it is then marked.
  virtual absl::StatusOr<bool> OrderKill(const std::string& id) = 0;
  // Running sessions of `node` that are marked.
  virtual absl::StatusOr<std::vector<std::string>> KillOrders(const std::string& node) = 0;

  // `node` lives at least until then.
  virtual absl::Status KeepAlive(const std::string& node, absl::Time until) = 0;
  // Running sessions whose node is not `self` and is not known to live at `now`.
  virtual absl::StatusOr<std::vector<SessionRow>> Orphans(const std::string& self,
                                                          absl::Time now) = 0;

  // Heads that a checkpoint may have to cover: of sessions that run, or ended and are not covered
  // yet.
  virtual absl::StatusOr<std::vector<chain::SessionHead>> OpenHeads() = 0;
  // The newest checkpoint's heads: of each position the latest, ordered by position.
  virtual absl::StatusOr<std::vector<chain::SessionHead>> CoveredHeads() = 0;
  virtual absl::StatusOr<std::optional<chain::Checkpoint>> LastCheckpoint() = 0;
  // With their heads, ordered by number, greater than `after`; at least one if there is any, at
  // most `limit`.
  virtual absl::StatusOr<std::vector<chain::Checkpoint>> CheckpointsAfter(std::uint64_t after,
                                                                          std::size_t limit) = 0;
  // ABORTED when a checkpoint with this number exists already.
  virtual absl::Status AppendCheckpoint(const chain::Checkpoint& checkpoint) = 0;

  // Makes room for the days around `now` (tables are partitioned by day).
  virtual absl::Status CreatePartitions(absl::Time now) = 0;
};

}  // namespace countersign::session_recorder::store
