#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/authenticator.h"

namespace countersign::edge::call::request {

// Caches verified credentials, keyed by a digest; the credential itself is not stored. An entry
// lives as long as the Authenticated says, at most `max_age`; at `capacity` the least recently used
// one is evicted.
//
// If authn is another process, revocations arrive over a stream. Its client calls SetLive(false)
// when the stream is lost (the cache then returns and stores nothing), SetLive(true) when it is
// back, and Flush() on every revocation. Thread-safe.
class CredentialCache {
 public:
  struct Options {
    std::size_t capacity = 10'000;
    absl::Duration max_age = absl::Seconds(60);
    bool live = true;  // false: nothing is cached until SetLive(true)
  };
  CredentialCache(Options options, Clock& clock);

  struct Found {
    std::optional<domain::Authenticated> entry;
    std::uint64_t generation = 0;  // to be passed to Insert
  };
  Found Find(absl::string_view digest);

  // Stores `entry`, unless a Flush or SetLive(false) happened since the Find that returned
  // `generation`: an entry verified before a revocation must not outlive it.
  void Insert(absl::string_view digest, const domain::Authenticated& entry,
              std::uint64_t generation);

  void Flush();
  void SetLive(bool live);
  bool live() const;
  std::size_t size() const;

  // Increases with every Flush and SetLive.
  std::uint64_t generation() const;

  // Calls `on_flush` after every Flush and SetLive while it exists, on the thread that flushes.
  // `on_flush` must neither block nor use the cache.
  class FlushWatch {
   public:
    FlushWatch(CredentialCache& cache, std::function<void()> on_flush);
    ~FlushWatch();
    FlushWatch(const FlushWatch&) = delete;
    FlushWatch& operator=(const FlushWatch&) = delete;

   private:
    CredentialCache& cache_;
    std::list<std::function<void()>>::iterator place_;
  };

 private:
  struct Entry {
    domain::Authenticated value;
    absl::Time until;
    std::list<std::string>::iterator recency;
  };
  void Clear() CS_REQUIRES(mutex_);
  void TellWatches();

  const Options options_;
  Clock& clock_;
  mutable Mutex mutex_;
  bool live_ CS_GUARDED_BY(mutex_);
  std::uint64_t generation_ CS_GUARDED_BY(mutex_) = 1;
  std::list<std::string> recency_ CS_GUARDED_BY(mutex_);  // most recently used first
  absl::flat_hash_map<std::string, Entry> entries_ CS_GUARDED_BY(mutex_);

  Mutex watches_mutex_;
  std::list<std::function<void()>> watches_ CS_GUARDED_BY(watches_mutex_);
};

}  // namespace countersign::edge::call::request
