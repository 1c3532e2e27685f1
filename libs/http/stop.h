#pragma once

#include <list>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace countersign::http {

// Tells everything that one call is waiting for to give up: the caller left, the session was
// killed, the process drains. Belongs to one executor: all members are called on it.
//
// Unlike a cancelled coroutine, a stopped one keeps running: what it waits for answers with why(),
// and it can still record how the call ended.
class Stop {
 public:
  // The first request counts, later ones change nothing. REQUIRES: !why.ok().
  void Request(absl::Status why) {
    if (requested()) return;
    why_ = std::move(why);
    while (!waiting_.empty()) {
      auto on_stop = std::move(waiting_.front());
      waiting_.pop_front();
      *on_stop.registration = nullptr;
      on_stop.call();
    }
  }

  bool requested() const { return !why_.ok(); }
  const absl::Status& why() const { return why_; }

  // Calls `on_stop` when a stop is requested while it exists. Does nothing when one was requested
  // before: test requested() first.
  class Watch {
   public:
    Watch(Stop& stop, absl::AnyInvocable<void()> on_stop) : stop_(&stop) {
      if (stop.requested()) {
        stop_ = nullptr;
        return;
      }
      place_ = stop.waiting_.insert(stop.waiting_.end(), Entry{std::move(on_stop), &stop_});
    }
    ~Watch() {
      if (stop_ != nullptr) stop_->waiting_.erase(place_);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    friend class Stop;
    struct Entry {
      absl::AnyInvocable<void()> call;
      Stop** registration;
    };
    Stop* stop_;
    std::list<Entry>::iterator place_;
  };

 private:
  absl::Status why_;
  std::list<Watch::Entry> waiting_;
};

}  // namespace countersign::http
