#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::store {

// The in-memory store, with the same contract as PostgreSQL's (record_store_contract.h).
// Thread-safe.
class MemoryRecordStore final : public RecordStore {
 public:
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
  absl::Status ProbeWrite() override { return absl::OkStatus(); }
  absl::Status CreatePartitions(absl::Time) override { return absl::OkStatus(); }

  // Gives tests of tampering the access of a database administrator.
  struct Stored {
    SessionRow row;
    std::vector<SealedEvent> events;
    bool covered = false;  // a checkpoint covers its end
    std::string text_filter;
  };
  std::map<std::string, Stored>& sessions() { return sessions_; }
  std::vector<chain::Checkpoint>& checkpoints() { return checkpoints_; }

 private:
  Mutex mutex_;
  std::map<std::string, Stored> sessions_;
  std::map<std::string, absl::Time> nodes_;
  std::vector<chain::Checkpoint> checkpoints_;
  std::pair<std::uint64_t, std::uint64_t> filtered_{0, 0};  // checkpoint and position
};

}  // namespace countersign::session_recorder::store
