#pragma once

#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace countersign::async {

// Cancels everything that one call waits for: the caller left, the session was killed, or the
// process drains. Belongs to one executor; all members are called there.
//
// A cancelled call keeps running, unlike a destroyed coroutine: what it waits for returns cause(),
// and it can still record how the call ended.
class Cancellation {
 public:
  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // Only the first call has an effect. REQUIRES: !cause.ok().
  void Cancel(absl::Status cause) {
    if (cancelled()) return;
    cause_ = std::move(cause);
    while (first_ != nullptr) {
      // Moved out before it is called, because it may end its watch.
      absl::AnyInvocable<void()> on_cancelled = std::move(first_->on_cancelled_);
      first_->Unlink();
      on_cancelled();
    }
  }

  bool cancelled() const { return !cause_.ok(); }
  const absl::Status& cause() const { return cause_; }

  // Calls `on_cancelled` if the call is cancelled during this object's lifetime; watches are called
  // in the order of their construction. Does nothing if the call was cancelled before: test
  // cancelled() first.
  class Watch {
   public:
    Watch(Cancellation& cancellation, absl::AnyInvocable<void()> on_cancelled) {
      if (cancellation.cancelled()) return;
      on_cancelled_ = std::move(on_cancelled);
      cancellation_ = &cancellation;
      previous_ = cancellation.last_;
      (previous_ != nullptr ? previous_->next_ : cancellation.first_) = this;
      cancellation.last_ = this;
    }
    ~Watch() {
      if (cancellation_ != nullptr) Unlink();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    friend class Cancellation;
    void Unlink() {
      (previous_ != nullptr ? previous_->next_ : cancellation_->first_) = next_;
      (next_ != nullptr ? next_->previous_ : cancellation_->last_) = previous_;
      cancellation_ = nullptr;
    }

    absl::AnyInvocable<void()> on_cancelled_;
    Cancellation* cancellation_ = nullptr;  // null when not in its list
    Watch* previous_ = nullptr;
    Watch* next_ = nullptr;
  };

 private:
  absl::Status cause_;
  Watch* first_ = nullptr;
  Watch* last_ = nullptr;
};

}  // namespace countersign::async
