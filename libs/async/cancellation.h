#pragma once

#include <list>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace countersign::async {

// Tells everything that one call is waiting for to give up: the caller left, the session was
// killed, the process drains. Belongs to one executor: all members are called on it.
//
// Unlike a destroyed coroutine, a cancelled call keeps running: what it waits for answers with
// cause(), and it can still record how the call ended.
class Cancellation {
 public:
  // The first call counts, later ones change nothing. REQUIRES: !cause.ok().
  void Cancel(absl::Status cause) {
    if (cancelled()) return;
    cause_ = std::move(cause);
    while (!waiting_.empty()) {
      auto on_cancelled = std::move(waiting_.front());
      waiting_.pop_front();
      *on_cancelled.registration = nullptr;
      on_cancelled.call();
    }
  }

  bool cancelled() const { return !cause_.ok(); }
  const absl::Status& cause() const { return cause_; }

  // Calls `on_cancelled` when the call is cancelled while this exists. Does nothing when it was
  // cancelled before: test cancelled() first.
  class Watch {
   public:
    Watch(Cancellation& cancellation, absl::AnyInvocable<void()> on_cancelled)
        : cancellation_(&cancellation) {
      if (cancellation.cancelled()) {
        cancellation_ = nullptr;
        return;
      }
      place_ = cancellation.waiting_.insert(cancellation.waiting_.end(),
                                            Entry{std::move(on_cancelled), &cancellation_});
    }
    ~Watch() {
      if (cancellation_ != nullptr) cancellation_->waiting_.erase(place_);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    friend class Cancellation;
    struct Entry {
      absl::AnyInvocable<void()> call;
      Cancellation** registration;
    };
    Cancellation* cancellation_;
    std::list<Entry>::iterator place_;
  };

 private:
  absl::Status cause_;
  std::list<Watch::Entry> waiting_;
};

}  // namespace countersign::async
