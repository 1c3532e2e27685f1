#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/functional/any_invocable.h"
#include "libs/base/mutex.h"

namespace countersign::http::limits {

// The connections of one listener: decides which new ones are admitted and which old ones are
// closed for them.
//
// A connection is verified once a caller has authenticated on it. Unverified ones may use all
// places except a reserve, and a limited number per source. When there is no place for a new
// connection, the one that has been idle longest (without a request in progress) is closed: an
// unverified one of the same source if that has reached its limit, otherwise any unverified one,
// and a verified one only when every place is taken. So idle connections cannot keep others out.
//
// Thread-safe. Must outlive its places.
class ConnectionTable {
 public:
  struct Limits {
    std::size_t connections = 0;
    std::size_t reserved_for_verified = 0;  // at most `connections`
    std::size_t unverified_per_source = 0;
  };
  class Place;

  explicit ConnectionTable(const Limits& limits) : limits_(limits) {}
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // A place for a new connection, idle and unverified; null if there is none. `on_evicted` is
  // called at most once, on any thread and without a lock, when the connection must close; its
  // place is given to another one from then on.
  std::unique_ptr<Place> Admit(const std::string& source, absl::AnyInvocable<void()> on_evicted);

  // Evicts the connection that has been idle longest; false when none is idle.
  bool EvictOldest();

  std::size_t size() const;

 private:
  struct Entry;
  using IdleList = std::list<Entry*>;  // longest idle first
  struct Source {
    std::size_t unverified = 0;
    IdleList idle;  // unverified connections
  };
  struct Entry {
    std::string source;
    absl::AnyInvocable<void()> on_evicted;
    bool verified = false;
    bool idle = false;
    bool evicted = false;
    IdleList::iterator in_all;
    IdleList::iterator in_source;
  };

  IdleList& IdleLike(const Entry& entry) CS_REQUIRES(mutex_) {
    return entry.verified ? idle_verified_ : idle_unverified_;
  }
  void StartIdling(Entry& entry) CS_REQUIRES(mutex_);
  void StopIdling(Entry& entry) CS_REQUIRES(mutex_);
  void Leave(Entry& entry) CS_REQUIRES(mutex_);
  absl::AnyInvocable<void()> Evict(Entry& entry) CS_REQUIRES(mutex_);
  Entry* FindOldest() CS_REQUIRES(mutex_);

  const Limits limits_;
  mutable Mutex mutex_;
  std::size_t size_ CS_GUARDED_BY(mutex_) = 0;
  std::size_t unverified_ CS_GUARDED_BY(mutex_) = 0;
  IdleList idle_unverified_ CS_GUARDED_BY(mutex_);
  IdleList idle_verified_ CS_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Source> sources_ CS_GUARDED_BY(mutex_);
};

// A connection's place; destruction releases it.
class ConnectionTable::Place {
 public:
  Place(ConnectionTable& table, std::unique_ptr<Entry> entry)
      : table_(table), entry_(std::move(entry)) {}
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  // Starts handling a request, until EndRequest. False when the connection was evicted: it must not
  // handle anything.
  [[nodiscard]] bool BeginRequest();
  void EndRequest();

  // Marks the caller as authenticated.
  void SetVerified();

 private:
  ConnectionTable& table_;
  const std::unique_ptr<Entry> entry_;
};

}  // namespace countersign::http::limits
