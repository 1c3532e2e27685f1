#include "services/session_recorder/store/record_store_memory.h"

#include <algorithm>
#include <tuple>

namespace countersign::session_recorder::store {
namespace {

bool Matches(const SessionRow& row, const SessionFilter& filter) {
  const SessionSummary& summary = row.summary;
  if (!filter.identity.empty() && summary.identity != filter.identity) return false;
  if (!filter.connection.empty() && summary.connection != filter.connection) return false;
  if (!filter.model.empty() && summary.model != filter.model) return false;
  if (!filter.policy.empty() && summary.policy != filter.policy) return false;
  if (!filter.review_id.empty() && summary.review_id != filter.review_id) return false;
  if (!filter.operation.empty() && summary.operation != filter.operation) return false;
  if (filter.except_operations.count(summary.operation) != 0) return false;
  if (!filter.entity.empty() && summary.end.masked.count(filter.entity) == 0) return false;
  if (filter.min_duration > absl::ZeroDuration() &&
      (summary.running() || row.ended_at - row.started_at < filter.min_duration)) {
    return false;
  }
  if (std::uint64_t{summary.end.input_tokens} + summary.end.output_tokens < filter.min_tokens) {
    return false;
  }
  const std::vector<std::string>& approvers = summary.approvers;
  if (!filter.approver.empty() &&
      std::find(approvers.begin(), approvers.end(), filter.approver) == approvers.end()) {
    return false;
  }
  if (filter.outcome && summary.end.outcome != *filter.outcome) return false;
  if (filter.connections && filter.connections->count(summary.connection) == 0) return false;
  if (row.started_at < filter.since || row.started_at >= filter.until) return false;
  return std::tie(row.started_at, row.id) < std::tie(filter.before_time, filter.before_id);
}

}  // namespace

absl::StatusOr<std::set<std::string>> MemoryRecordStore::Commit(std::vector<SessionWrite> writes) {
  const MutexLock lock(mutex_);
  std::set<std::string> refused;
  for (const SessionWrite& write : writes) {
    const auto found = sessions_.find(write.row.id);
    const bool expected = write.opens
                              ? found == sessions_.end()
                              : found != sessions_.end() && found->second.row.summary.running() &&
                                    found->second.row.epoch == write.previous_epoch &&
                                    found->second.row.head.index == write.previous_index;
    if (!expected) {
      refused.insert(write.row.id);
      continue;
    }
    Stored& stored = sessions_[write.row.id];
    const bool kill_ordered = stored.row.kill_ordered;
    const std::uint64_t position = stored.row.position;
    stored.row = write.row;
    stored.row.kill_ordered = kill_ordered;
    stored.row.position = position;
    stored.events.insert(stored.events.end(), write.events.begin(), write.events.end());
  }
  return refused;
}

absl::StatusOr<std::optional<SessionRow>> MemoryRecordStore::Find(const std::string& id) {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return std::optional<SessionRow>();
  return std::optional<SessionRow>(found->second.row);
}

absl::StatusOr<std::vector<SessionRow>> MemoryRecordStore::List(const SessionFilter& filter,
                                                                std::size_t limit) {
  const MutexLock lock(mutex_);
  std::vector<SessionRow> rows;
  for (const auto& [id, stored] : sessions_) {
    if (Matches(stored.row, filter)) rows.push_back(stored.row);
  }
  std::sort(rows.begin(), rows.end(), [](const SessionRow& a, const SessionRow& b) {
    return std::tie(b.started_at, b.id) < std::tie(a.started_at, a.id);
  });
  if (rows.size() > limit) rows.resize(limit);
  return rows;
}

absl::StatusOr<std::vector<SessionRow>> MemoryRecordStore::ByPosition(std::uint64_t from,
                                                                      std::size_t limit) {
  const MutexLock lock(mutex_);
  std::map<std::uint64_t, const SessionRow*> ordered;
  for (const auto& [id, stored] : sessions_) {
    const std::uint64_t position = stored.row.position;
    if (position != kNoPosition && position >= from) ordered[position] = &stored.row;
  }
  std::vector<SessionRow> rows;
  for (const auto& [position, row] : ordered) {
    if (rows.size() < limit) rows.push_back(*row);
  }
  return rows;
}

absl::StatusOr<std::vector<CoveredSession>> MemoryRecordStore::CoveredSessions(
    std::uint64_t from, std::uint64_t checkpoint, std::size_t limit) {
  const MutexLock lock(mutex_);
  std::map<std::uint64_t, chain::SessionHead> heads;  // the newest of each position
  for (const chain::Checkpoint& made : checkpoints_) {
    if (made.number > checkpoint) continue;
    for (const chain::SessionHead& head : made.heads) heads[head.position] = head;
  }
  std::vector<CoveredSession> covered;
  for (auto it = heads.lower_bound(from); it != heads.end() && covered.size() < limit; ++it) {
    const auto found = sessions_.find(it->second.session_id);
    if (found == sessions_.end()) continue;
    covered.push_back({found->second.row, it->first, it->second.head.index, it->second.ended});
  }
  return covered;
}

absl::StatusOr<std::vector<std::vector<SealedEvent>>> MemoryRecordStore::WholeSessions(
    const std::vector<SessionRow>& sessions, std::size_t max_bytes) {
  const MutexLock lock(mutex_);
  std::vector<std::vector<SealedEvent>> whole;
  std::size_t bytes = 0;
  for (const SessionRow& session : sessions) {
    const auto found = sessions_.find(session.id);
    if (found == sessions_.end() || found->second.events.size() != session.head.index) break;
    for (const SealedEvent& event : found->second.events) bytes += event.sealed.size();
    if (bytes > max_bytes) break;
    whole.push_back(found->second.events);
  }
  return whole;
}

absl::StatusOr<std::vector<SealedEvent>> MemoryRecordStore::Events(const SessionRow& session,
                                                                   std::uint32_t after,
                                                                   std::size_t max_events,
                                                                   std::size_t max_bytes) {
  const MutexLock lock(mutex_);
  std::vector<SealedEvent> events;
  const auto found = sessions_.find(session.id);
  if (found == sessions_.end()) return events;
  std::size_t bytes = 0;
  for (const SealedEvent& event : found->second.events) {
    if (event.index <= after) continue;
    if (events.size() == max_events || bytes >= max_bytes) break;
    bytes += event.sealed.size();
    events.push_back(event);
  }
  return events;
}

absl::StatusOr<bool> MemoryRecordStore::OrderKill(const std::string& id) {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || !found->second.row.summary.running()) return false;
  found->second.row.kill_ordered = true;
  return true;
}

absl::StatusOr<std::vector<std::string>> MemoryRecordStore::KillOrders(const std::string& node) {
  const MutexLock lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, stored] : sessions_) {
    const SessionRow& row = stored.row;
    if (row.kill_ordered && row.node == node && row.summary.running()) ids.push_back(id);
  }
  return ids;
}

absl::Status MemoryRecordStore::KeepAlive(const std::string& node, absl::Time until) {
  const MutexLock lock(mutex_);
  nodes_[node] = until;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SessionRow>> MemoryRecordStore::Orphans(const std::string& self,
                                                                   absl::Time now) {
  const MutexLock lock(mutex_);
  std::vector<SessionRow> rows;
  for (const auto& [id, stored] : sessions_) {
    const SessionRow& row = stored.row;
    const auto node = nodes_.find(row.node);
    const bool lives = node != nodes_.end() && node->second >= now;
    if (row.summary.running() && row.node != self && !lives) rows.push_back(row);
  }
  return rows;
}

absl::StatusOr<std::vector<chain::SessionHead>> MemoryRecordStore::OpenHeads() {
  const MutexLock lock(mutex_);
  std::vector<chain::SessionHead> heads;
  for (const auto& [id, stored] : sessions_) {
    if (stored.covered) continue;
    heads.push_back({stored.row.position, id, stored.row.head, !stored.row.summary.running()});
  }
  return heads;
}

absl::StatusOr<std::vector<chain::SessionHead>> MemoryRecordStore::CoveredHeads(
    std::uint64_t from, std::uint64_t count, std::uint64_t checkpoint) {
  const MutexLock lock(mutex_);
  std::map<std::uint64_t, chain::SessionHead> latest;
  for (const chain::Checkpoint& made : checkpoints_) {
    if (made.number > checkpoint) continue;
    for (const chain::SessionHead& head : made.heads) {
      if (head.position >= from && head.position < from + count) latest[head.position] = head;
    }
  }
  std::vector<chain::SessionHead> heads;
  for (const auto& [position, head] : latest) heads.push_back(head);
  return heads;
}

absl::StatusOr<std::optional<chain::Checkpoint>> MemoryRecordStore::LastCheckpoint() {
  const MutexLock lock(mutex_);
  if (checkpoints_.empty()) return std::optional<chain::Checkpoint>();
  return std::optional<chain::Checkpoint>(checkpoints_.back());
}

absl::StatusOr<std::vector<chain::Checkpoint>> MemoryRecordStore::CheckpointsAfter(
    std::uint64_t after, std::size_t limit) {
  const MutexLock lock(mutex_);
  std::vector<chain::Checkpoint> found;
  for (const chain::Checkpoint& checkpoint : checkpoints_) {
    if (checkpoint.number > after && found.size() < limit) found.push_back(checkpoint);
  }
  return found;
}

absl::StatusOr<std::optional<chain::Checkpoint>> MemoryRecordStore::CheckpointOfReview(
    std::uint64_t sequence) {
  const MutexLock lock(mutex_);
  for (chain::Checkpoint checkpoint : checkpoints_) {
    if (!checkpoint.reviews || checkpoint.reviews->sequence < sequence) continue;
    checkpoint.heads.clear();
    return std::optional<chain::Checkpoint>(std::move(checkpoint));
  }
  return std::optional<chain::Checkpoint>();
}

absl::Status MemoryRecordStore::AppendCheckpoint(const chain::Checkpoint& checkpoint) {
  const MutexLock lock(mutex_);
  for (const chain::Checkpoint& other : checkpoints_) {
    if (other.number == checkpoint.number) return absl::AbortedError("checkpoint exists already");
  }
  checkpoints_.push_back(checkpoint);
  for (const chain::SessionHead& head : checkpoint.heads) {
    const auto found = sessions_.find(head.session_id);
    if (found == sessions_.end()) continue;
    found->second.row.position = head.position;
    found->second.covered = head.ended;
  }
  return absl::OkStatus();
}

absl::StatusOr<UnfilteredSessions> MemoryRecordStore::WithoutTextFilter(std::size_t limit) {
  const MutexLock lock(mutex_);
  UnfilteredSessions found;
  for (const chain::Checkpoint& checkpoint : checkpoints_) {
    for (const chain::SessionHead& head : checkpoint.heads) {
      const auto session = sessions_.find(head.session_id);
      const bool is_next = std::pair(checkpoint.number, head.position) > filtered_;
      if (!is_next || !head.ended || session == sessions_.end()) continue;
      if (found.rows.size() == limit) return found;
      found.rows.push_back(session->second.row);
      found.checkpoint = checkpoint.number;
      found.position = head.position;
    }
  }
  return found;
}

absl::Status MemoryRecordStore::AddTextFilters(const UnfilteredSessions& sessions,
                                               const std::vector<std::string>& filters) {
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const auto session = sessions_.find(sessions.rows[i].id);
    if (session != sessions_.end()) session->second.text_filter = filters[i];
  }
  filtered_ = std::max(filtered_, std::pair(sessions.checkpoint, sessions.position));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> MemoryRecordStore::TextFilters(
    const std::vector<SessionRow>& sessions) {
  const MutexLock lock(mutex_);
  std::vector<std::string> filters;
  for (const SessionRow& row : sessions) {
    const auto session = sessions_.find(row.id);
    filters.push_back(session == sessions_.end() ? "" : session->second.text_filter);
  }
  return filters;
}

}  // namespace countersign::session_recorder::store
