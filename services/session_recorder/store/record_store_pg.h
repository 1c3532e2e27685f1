#pragma once

#include "libs/base/mutex.h"
#include "libs/pg/migrate.h"
#include "libs/pg/pipeline.h"
#include "services/session_recorder/session_recorder_schema.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::store {

// Records in PostgreSQL (services/session_recorder/schema/). A group commit is one transaction in
// one round trip, on a dedicated connection. The pool's search_path must be the service's schema.
// Thread-safe, blocking.
//
// Rows of `sessions` are locked in the order of their ids, and before those of `open_sessions`,
// because commits and checkpoints run at the same time.
class PgRecordStore final : public RecordStore {
 public:
  explicit PgRecordStore(pg::Pool& pool);

  absl::StatusOr<std::set<std::string>> Commit(std::vector<SessionWrite> writes) override;
  absl::StatusOr<std::optional<SessionRow>> Find(const std::string& id) override;
  absl::StatusOr<std::vector<SessionRow>> List(const SessionFilter& filter,
                                               std::size_t limit) override;
  absl::StatusOr<std::vector<SessionRow>> ByPosition(std::uint64_t from,
                                                     std::size_t limit) override;
  absl::StatusOr<std::vector<CoveredSession>> CoveredSessions(std::uint64_t from,
                                                              std::uint64_t checkpoint,
                                                              std::size_t limit) override;
  absl::StatusOr<std::vector<std::vector<SealedEvent>>> WholeSessions(
      const std::vector<SessionRow>& sessions, std::size_t max_bytes) override;
  absl::StatusOr<std::vector<SealedEvent>> Events(const SessionRow& session, std::uint32_t after,
                                                  std::size_t max_events,
                                                  std::size_t max_bytes) override;
  absl::StatusOr<bool> OrderKill(const std::string& id) override;
  absl::StatusOr<std::vector<std::string>> KillOrders(const std::string& node) override;
  absl::Status KeepAlive(const std::string& node, absl::Time until) override;
  absl::StatusOr<std::vector<SessionRow>> Orphans(const std::string& self, absl::Time now) override;
  absl::StatusOr<std::vector<chain::SessionHead>> OpenHeads() override;
  absl::StatusOr<std::vector<chain::SessionHead>> CoveredHeads(std::uint64_t from,
                                                               std::uint64_t count,
                                                               std::uint64_t checkpoint) override;
  absl::StatusOr<std::optional<chain::Checkpoint>> LastCheckpoint() override;
  absl::StatusOr<std::vector<chain::Checkpoint>> CheckpointsAfter(std::uint64_t after,
                                                                  std::size_t limit) override;
  absl::StatusOr<std::optional<chain::Checkpoint>> CheckpointOfReview(
      std::uint64_t sequence) override;
  absl::Status AppendCheckpoint(const chain::Checkpoint& checkpoint) override;
  absl::StatusOr<UnfilteredSessions> WithoutTextFilter(std::size_t limit) override;
  absl::Status AddTextFilters(const UnfilteredSessions& sessions,
                              const std::vector<std::string>& filters) override;
  absl::StatusOr<std::vector<std::string>> TextFilters(
      const std::vector<SessionRow>& sessions) override;
  absl::Status ProbeWrite() override;
  absl::Status CreatePartitions(absl::Time now) override;

  absl::Status EnsureSchema() { return database_.EnsureSchema(); }  // else by the first use

 private:
  pg::MigratedPool database_;
  pg::Pipeline commits_;
  pg::Pipeline reads_;  // of events, which are most of the bytes
  Mutex mutex_;
  std::string maintained_day_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::session_recorder::store
