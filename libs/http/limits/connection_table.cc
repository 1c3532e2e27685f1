#include "libs/http/limits/connection_table.h"

#include <utility>

namespace countersign::http::limits {

void ConnectionTable::StartIdling(Entry& entry) {
  if (entry.idle || entry.evicted) return;
  entry.idle = true;
  IdleList& all = IdleLike(entry);
  entry.in_all = all.insert(all.end(), &entry);
  if (entry.verified) return;
  IdleList& same = sources_[entry.source].idle;
  entry.in_source = same.insert(same.end(), &entry);
}

void ConnectionTable::StopIdling(Entry& entry) {
  if (!entry.idle) return;
  entry.idle = false;
  IdleLike(entry).erase(entry.in_all);
  if (!entry.verified) sources_[entry.source].idle.erase(entry.in_source);
}

// Gives up the place. Call it when the entry is not idle.
void ConnectionTable::Leave(Entry& entry) {
  --size_;
  if (entry.verified) return;
  --unverified_;
  const auto source = sources_.find(entry.source);
  if (--source->second.unverified == 0) sources_.erase(source);
}

absl::AnyInvocable<void()> ConnectionTable::Evict(Entry& entry) {
  StopIdling(entry);
  entry.evicted = true;
  Leave(entry);
  return std::move(entry.on_evicted);
}

ConnectionTable::Entry* ConnectionTable::FindOldest() {
  if (!idle_unverified_.empty()) return idle_unverified_.front();
  return idle_verified_.empty() ? nullptr : idle_verified_.front();
}

std::unique_ptr<ConnectionTable::Place> ConnectionTable::Admit(
    const std::string& source, absl::AnyInvocable<void()> on_evicted) {
  auto entry = std::make_unique<Entry>();
  entry->source = source;
  entry->on_evicted = std::move(on_evicted);
  absl::AnyInvocable<void()> evicted;
  {
    const MutexLock lock(mutex_);
    const auto known = sources_.find(source);
    const bool has_share =
        known != sources_.end() && known->second.unverified >= limits_.unverified_per_source;
    const bool reached_reserve = unverified_ + limits_.reserved_for_verified >= limits_.connections;
    if (has_share || reached_reserve || size_ >= limits_.connections) {
      Entry* oldest = nullptr;
      if (has_share) {
        IdleList& same = known->second.idle;
        oldest = same.empty() ? nullptr : same.front();
      } else if (reached_reserve) {
        oldest = idle_unverified_.empty() ? nullptr : idle_unverified_.front();
      } else {
        oldest = FindOldest();
      }
      if (oldest == nullptr) return nullptr;
      evicted = Evict(*oldest);
    }
    ++size_;
    ++unverified_;
    ++sources_[source].unverified;
    StartIdling(*entry);
  }
  if (evicted) evicted();
  return std::make_unique<Place>(*this, std::move(entry));
}

bool ConnectionTable::EvictOldest() {
  absl::AnyInvocable<void()> evicted;
  {
    const MutexLock lock(mutex_);
    Entry* const oldest = FindOldest();
    if (oldest == nullptr) return false;
    evicted = Evict(*oldest);
  }
  evicted();
  return true;
}

std::size_t ConnectionTable::size() const {
  const MutexLock lock(mutex_);
  return size_;
}

ConnectionTable::Place::~Place() {
  const MutexLock lock(table_.mutex_);
  if (entry_->evicted) return;
  table_.StopIdling(*entry_);
  table_.Leave(*entry_);
}

bool ConnectionTable::Place::BeginRequest() {
  const MutexLock lock(table_.mutex_);
  table_.StopIdling(*entry_);
  return !entry_->evicted;
}

void ConnectionTable::Place::EndRequest() {
  const MutexLock lock(table_.mutex_);
  table_.StartIdling(*entry_);
}

void ConnectionTable::Place::SetVerified() {
  const MutexLock lock(table_.mutex_);
  if (entry_->verified || entry_->evicted) return;
  const bool idle = entry_->idle;
  table_.StopIdling(*entry_);
  table_.Leave(*entry_);
  entry_->verified = true;
  ++table_.size_;
  if (idle) table_.StartIdling(*entry_);
}

}  // namespace countersign::http::limits
