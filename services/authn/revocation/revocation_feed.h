#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace countersign::authn::revocation {

// Tells every cache of verified credentials that what it holds is no longer true, and waits until
// they have said that it is gone. A revocation has a sequence number; each names everything: caches
// are keyed by digests that authn does not keep. Thread-safe.
class RevocationFeed {
 public:
  // Called for each revocation with its sequence, on the publisher's thread, in order; must not
  // block or call back into the feed except for Acknowledge.
  using Listener = absl::AnyInvocable<void(std::uint64_t sequence)>;

  class Subscription {
   public:
    // Everything up to `sequence` has left the listener's cache.
    void Acknowledge(std::uint64_t sequence);
    // Of the newest revocation when the subscription began: what came before needs no answer,
    // because the listener starts with an empty cache.
    std::uint64_t start() const { return start_; }
    ~Subscription();  // The listener is gone, its cache with it: nobody waits for it any more.

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

  // For a cache in the same process: `flush` empties it before it returns.
  std::unique_ptr<Subscription> SubscribeDirectly(std::function<void()> flush);

  // Tells every listener, then blocks until each has acknowledged or is gone, or `timeout` has
  // passed: a cache that heard nothing for that long treats itself as empty. False when it had to
  // give up. Never call it on a network thread.
  bool PublishAndWait(absl::Duration timeout = absl::Seconds(5));

 private:
  struct Listening {
    std::shared_ptr<Listener> listener;
    std::uint64_t acknowledged = 0;
  };
  void Acknowledge(std::uint64_t id, std::uint64_t sequence);
  void Remove(std::uint64_t id);

  std::mutex publishing_;  // one at a time, so that listeners see sequences in order
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Listening> listeners_;
  std::uint64_t next_id_ = 1;
  std::uint64_t sequence_ = 0;
};

}  // namespace countersign::authn::revocation
