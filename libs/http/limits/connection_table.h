#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/functional/any_invocable.h"
#include "libs/base/mutex.h"

namespace countersign::http::limits {

// The connections of one listener: which of them may come in, and which has to go for another.
//
// A connection is verified once a caller has authenticated on it. All others may use every place
// but a reserve, and only so many from one source. When there is no place for a new one, the
// connection goes that has been idle (without a request that is being handled) for longest: an
// unverified one of the same source when that has its share, else any unverified one, and a
// verified one only when every place is taken. So silent connections cannot keep others out.
//
// Thread-safe. Outlives its places.
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

  // A place for a new connection, idle and unverified; null when none can be made. `on_evicted` is
  // called at most once, on any thread and without a lock, when the connection has to go: its place
  // is given to another from then on.
  std::unique_ptr<Place> Admit(const std::string& source, absl::AnyInvocable<void()> on_evicted);

  // Makes the connection go that has been idle for longest; false when none is idle.
  bool EvictOldest();

  std::size_t size() const;

 private:
  struct Entry;
  using IdleList = std::list<Entry*>;  // the longest idle first
  struct Source {
    std::size_t unverified = 0;
    IdleList idle;  // unverified ones
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

// What a connection holds while it exists. Destroying it gives the place back.
class ConnectionTable::Place {
 public:
  Place(ConnectionTable& table, std::unique_ptr<Entry> entry)
      : table_(table), entry_(std::move(entry)) {}
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  // A request is being handled from now on, until EndRequest. False when the connection had to go
  // meanwhile: nothing may be handled on it.
  [[nodiscard]] bool BeginRequest();
  void EndRequest();

  // The caller has authenticated.
  void SetVerified();

 private:
  ConnectionTable& table_;
  const std::unique_ptr<Entry> entry_;
};

}  // namespace countersign::http::limits
