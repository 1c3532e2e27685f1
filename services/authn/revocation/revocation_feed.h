#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace countersign::authn::revocation {

// Tells every cache of verified credentials to empty itself and waits for the acknowledgements.
// Each revocation has a sequence number and covers everything, because caches are keyed by digests
// that authn does not store. Thread-safe.
class RevocationFeed {
 public:
  // Called for each revocation with its sequence, in order, on the publisher's thread. Must not
  // block, nor call back into the feed except for Acknowledge.
  using Listener = absl::AnyInvocable<void(std::uint64_t sequence)>;

  class Subscription {
   public:
    // The listener's cache holds nothing older than revocation `sequence`.
    void Acknowledge(std::uint64_t sequence);
    // Sequence of the newest revocation when the subscription began. Earlier ones need no
    // acknowledgement, because the listener starts with an empty cache.
    std::uint64_t start() const { return start_; }
    ~Subscription();  // Publishers stop waiting for this listener.

   private:
    friend class RevocationFeed;
    Subscription(RevocationFeed& feed, std::uint64_t id, std::uint64_t start)
        : feed_(feed), id_(id), start_(start) {}
    RevocationFeed& feed_;
    const std::uint64_t id_;
    const std::uint64_t start_;
  };

  // The subscription must not outlive the feed.
  std::unique_ptr<Subscription> Subscribe(Listener listener);

  // Subscribes a cache of this process: `flush` empties it before returning.
  std::unique_ptr<Subscription> SubscribeDirectly(std::function<void()> flush);

  // Notifies every listener, then blocks until each has acknowledged or unsubscribed, or until
  // `timeout`; a cache without contact for that long treats itself as empty. Returns false on
  // timeout. Never call it on a network thread.
  bool PublishAndWait(absl::Duration timeout = absl::Seconds(5));

 private:
  struct Listening {
    std::shared_ptr<Listener> listener;
    std::uint64_t acknowledged = 0;
  };
  void Acknowledge(std::uint64_t id, std::uint64_t sequence);
  void Remove(std::uint64_t id);

  Mutex publishing_;  // serialises publishers, so that listeners see sequences in order
  Mutex mutex_;
  CondVar changed_;
  std::map<std::uint64_t, Listening> listeners_ CS_GUARDED_BY(mutex_);
  std::uint64_t next_id_ CS_GUARDED_BY(mutex_) = 1;
  std::uint64_t sequence_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::authn::revocation
