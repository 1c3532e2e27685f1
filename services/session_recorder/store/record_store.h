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

// The part of a group commit that belongs to one session.
struct SessionWrite {
  bool opens = false;                // insert `row`; otherwise update the existing row
  SessionRow row;                    // after the write, including the head
  std::uint32_t previous_index = 0;  // the expected index before the write
  std::uint64_t previous_epoch = 1;  // the expected epoch before the write
  bool describes = true;             // false: only the head changes
  std::vector<SealedEvent> events;   // at least one
};

struct SessionFilter {
  std::string identity;                                // empty: any
  std::string connection;                              // empty: any
  std::string model;                                   // empty: any
  std::string policy;                                  // empty: any
  std::string review_id;                               // empty: any
  std::string approver;                                // one of the approvers; empty: any
  std::string operation;                               // empty: any
  std::set<std::string> except_operations;             // of none of these
  std::string entity;                                  // masked at least once; empty: any or none
  absl::Duration min_duration = absl::ZeroDuration();  // above 0: ended, and took at least this
  std::uint64_t min_tokens = 0;                        // of prompt and answer together
  std::optional<domain::Outcome> outcome;            // kRunning finds sessions that have not ended
  absl::Time since = absl::InfinitePast();           // started at or after
  absl::Time until = absl::InfiniteFuture();         // started before
  std::optional<std::set<std::string>> connections;  // the auditor's connections; nullopt: all
  // The position in the list, newest first, after which the page starts.
  absl::Time before_time = absl::InfiniteFuture();
  std::string before_id;
};

// A session and how far the checkpoints up to one of them cover it.
struct CoveredSession {
  SessionRow row;
  std::uint64_t position = 0;  // where checkpoints have it, whatever the row says
  std::uint32_t index = 0;
  bool ended = false;
};

// Sessions that have ended and have no text filter (audit/text_filter.h) yet.
struct UnfilteredSessions {
  std::vector<SessionRow> rows;
  // Of the last one: the checkpoint that covered its end, and its position.
  std::uint64_t checkpoint = 0, position = 0;
};

// Where records live. Blocking; every method may fail with UNAVAILABLE. Thread-safe.
class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // Writes all of `writes`, each for another session, in one durable transaction. Returns the ids
  // of the refused ones, which are unchanged: the id exists already, the epoch or head is not the
  // expected one, or the session has ended. UNKNOWN `commit_unknown` when the outcome is not known.
  virtual absl::StatusOr<std::set<std::string>> Commit(std::vector<SessionWrite> writes) = 0;

  virtual absl::StatusOr<std::optional<SessionRow>> Find(const std::string& id) = 0;

  // Newest first, ordered by start time and id.
  virtual absl::StatusOr<std::vector<SessionRow>> List(const SessionFilter& filter,
                                                       std::size_t limit) = 0;

  // Sessions with a position of at least `from`, ordered by position.
  virtual absl::StatusOr<std::vector<SessionRow>> ByPosition(std::uint64_t from,
                                                             std::size_t limit) = 0;

  // Sessions covered by checkpoints up to number `checkpoint`, with a position of at least `from`,
  // ordered by position.
  virtual absl::StatusOr<std::vector<CoveredSession>> CoveredSessions(std::uint64_t from,
                                                                      std::uint64_t checkpoint,
                                                                      std::size_t limit) = 0;

  // All events, up to their heads, of the first of `sessions`: of as many sessions as fit
  // `max_bytes` together. Empty if the first one alone is larger: use Events for it.
  virtual absl::StatusOr<std::vector<std::vector<SealedEvent>>> WholeSessions(
      const std::vector<SessionRow>& sessions, std::size_t max_bytes) = 0;

  // Events with a greater index than `after`, in order: at most `max_events`, and no more after the
  // one that brings the sealed bytes to `max_bytes`.
  virtual absl::StatusOr<std::vector<SealedEvent>> Events(const SessionRow& session,
                                                          std::uint32_t after,
                                                          std::size_t max_events,
                                                          std::size_t max_bytes) = 0;

  // Marks the session to be killed. False when it does not exist or has ended.
  virtual absl::StatusOr<bool> OrderKill(const std::string& id) = 0;
  // The running sessions of `node` that are marked.
  virtual absl::StatusOr<std::vector<std::string>> KillOrders(const std::string& node) = 0;

  // Marks `node` as alive until that time.
  virtual absl::Status KeepAlive(const std::string& node, absl::Time until) = 0;
  // Running sessions whose node is not `self` and is not marked as alive at `now`.
  virtual absl::StatusOr<std::vector<SessionRow>> Orphans(const std::string& self,
                                                          absl::Time now) = 0;

  // The heads that the next checkpoint may have to cover: of sessions that are running, or whose
  // end is not covered yet.
  virtual absl::StatusOr<std::vector<chain::SessionHead>> OpenHeads() = 0;
  // The heads that checkpoints up to number `checkpoint` covered last, at the positions from `from`
  // on, `count` of them at most, ordered by position.
  virtual absl::StatusOr<std::vector<chain::SessionHead>> CoveredHeads(
      std::uint64_t from, std::uint64_t count, std::uint64_t checkpoint) = 0;
  virtual absl::StatusOr<std::optional<chain::Checkpoint>> LastCheckpoint() = 0;
  // Checkpoints with a number above `after`, with their heads, in order; at most `limit`, and at
  // least one if there is any.
  virtual absl::StatusOr<std::vector<chain::Checkpoint>> CheckpointsAfter(std::uint64_t after,
                                                                          std::size_t limit) = 0;
  // The first checkpoint, without its heads, that covers line `sequence` of approval's log.
  virtual absl::StatusOr<std::optional<chain::Checkpoint>> CheckpointOfReview(
      std::uint64_t sequence) = 0;
  // ABORTED when a checkpoint with this number exists.
  virtual absl::Status AppendCheckpoint(const chain::Checkpoint& checkpoint) = 0;

  // The next sessions, in the order in which checkpoints covered their ends, whose text filters
  // were not added yet; at most `limit`.
  virtual absl::StatusOr<UnfilteredSessions> WithoutTextFilter(std::size_t limit) = 0;
  // Adds a filter to each of `sessions`, none for an empty one; they are not returned again.
  virtual absl::Status AddTextFilters(const UnfilteredSessions& sessions,
                                      const std::vector<std::string>& filters) = 0;
  // The filters of `sessions`, in their order; empty for those that have none.
  virtual absl::StatusOr<std::vector<std::string>> TextFilters(
      const std::vector<SessionRow>& sessions) = 0;

  // OK when the medium takes new bytes; nothing is left behind. Some small writes go through on a
  // full disk: this one needs room.
  virtual absl::Status ProbeWrite() = 0;

  // Makes room for the days around `now` (tables are partitioned by day).
  virtual absl::Status CreatePartitions(absl::Time now) = 0;
};

}  // namespace countersign::session_recorder::store
