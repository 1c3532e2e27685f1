#include "services/edge/call/request/credential_cache.h"

#include <algorithm>
#include <utility>

namespace countersign::edge::call::request {

CredentialCache::CredentialCache(Options options, Clock& clock)
    : options_(options), clock_(clock), live_(options.live) {}

CredentialCache::Found CredentialCache::Find(absl::string_view digest) {
  const absl::Time now = clock_.Now();
  const MutexLock lock(mutex_);
  Found found;
  found.generation = generation_;
  const auto at = entries_.find(digest);
  if (at == entries_.end()) return found;
  if (at->second.until <= now) {
    recency_.erase(at->second.recency);
    entries_.erase(at);
    return found;
  }
  recency_.splice(recency_.begin(), recency_, at->second.recency);
  found.entry = at->second.value;
  return found;
}

void CredentialCache::Insert(absl::string_view digest, const domain::Authenticated& entry,
                             std::uint64_t generation) {
  const absl::Time now = clock_.Now();
  const absl::Time until = std::min(entry.cache_until, now + options_.max_age);
  const MutexLock lock(mutex_);
  if (!live_ || generation != generation_ || until <= now || options_.capacity == 0) return;
  if (const auto at = entries_.find(digest); at != entries_.end()) {
    recency_.erase(at->second.recency);
    entries_.erase(at);
  } else if (entries_.size() >= options_.capacity) {
    entries_.erase(recency_.back());
    recency_.pop_back();
  }
  recency_.push_front(std::string(digest));
  entries_.emplace(recency_.front(), Entry{entry, until, recency_.begin()});
}

void CredentialCache::Flush() {
  {
    const MutexLock lock(mutex_);
    Clear();
  }
  TellWatches();
}

void CredentialCache::SetLive(bool live) {
  {
    const MutexLock lock(mutex_);
    live_ = live;
    Clear();
  }
  TellWatches();
}

bool CredentialCache::live() const {
  const MutexLock lock(mutex_);
  return live_;
}

std::uint64_t CredentialCache::generation() const {
  const MutexLock lock(mutex_);
  return generation_;
}

void CredentialCache::TellWatches() {
  const MutexLock lock(watches_mutex_);
  for (const std::function<void()>& on_flush : watches_) on_flush();
}

CredentialCache::FlushWatch::FlushWatch(CredentialCache& cache, std::function<void()> on_flush)
    : cache_(cache) {
  const MutexLock lock(cache_.watches_mutex_);
  place_ = cache_.watches_.insert(cache_.watches_.end(), std::move(on_flush));
}

CredentialCache::FlushWatch::~FlushWatch() {
  const MutexLock lock(cache_.watches_mutex_);
  cache_.watches_.erase(place_);
}

void CredentialCache::Clear() {
  ++generation_;
  entries_.clear();
  recency_.clear();
}

std::size_t CredentialCache::size() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace countersign::edge::call::request
