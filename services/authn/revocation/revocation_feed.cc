#include "services/authn/revocation/revocation_feed.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace countersign::authn::revocation {

void RevocationFeed::Subscription::Acknowledge(std::uint64_t sequence) {
  feed_.Acknowledge(id_, sequence);
}

RevocationFeed::Subscription::~Subscription() { feed_.Remove(id_); }

std::unique_ptr<RevocationFeed::Subscription> RevocationFeed::Subscribe(Listener listener) {
  const MutexLock lock(mutex_);
  const std::uint64_t id = next_id_++;
  listeners_[id] = {std::make_shared<Listener>(std::move(listener)), sequence_};
  return std::unique_ptr<Subscription>(new Subscription(*this, id, sequence_));
}

std::unique_ptr<RevocationFeed::Subscription> RevocationFeed::SubscribeDirectly(
    std::function<void()> flush) {
  const MutexLock lock(mutex_);
  const std::uint64_t id = next_id_++;
  auto listener = [this, id, flush = std::move(flush)](std::uint64_t sequence) {
    flush();
    Acknowledge(id, sequence);
  };
  listeners_[id] = {std::make_shared<Listener>(std::move(listener)), sequence_};
  return std::unique_ptr<Subscription>(new Subscription(*this, id, sequence_));
}

bool RevocationFeed::PublishAndWait(absl::Duration timeout) {
  std::uint64_t sequence = 0;
  {
    const MutexLock in_order(publishing_);
    std::vector<std::shared_ptr<Listener>> told;
    {
      const MutexLock lock(mutex_);
      sequence = ++sequence_;
      for (const auto& [id, listening] : listeners_) told.push_back(listening.listener);
    }
    for (const auto& listener : told) (*listener)(sequence);
  }
  const MutexLock lock(mutex_);
  return changed_.WaitFor(mutex_, timeout, [&]() CS_REQUIRES(mutex_) {
    return std::all_of(listeners_.begin(), listeners_.end(),
                       [&](const auto& entry) { return entry.second.acknowledged >= sequence; });
  });
}

void RevocationFeed::Acknowledge(std::uint64_t id, std::uint64_t sequence) {
  const MutexLock lock(mutex_);
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  // An acknowledgement of an unpublished sequence counts only up to the published one.
  found->second.acknowledged = std::max(found->second.acknowledged, std::min(sequence, sequence_));
  changed_.NotifyAll();
}

void RevocationFeed::Remove(std::uint64_t id) {
  // Waits until a listener that is running has returned, because it uses what it captured.
  const MutexLock in_order(publishing_);
  const MutexLock lock(mutex_);
  listeners_.erase(id);
  changed_.NotifyAll();
}

}  // namespace countersign::authn::revocation
