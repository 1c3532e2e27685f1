#pragma once

#include <algorithm>
#include <compare>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "libs/async/event_loop.h"

namespace countersign::async {

// A reference to the event loop on which a call's coroutines run. Cheap to copy. Must not be used
// after the loop was destroyed; objects that may outlive it hold an ExecutorHandle instead.
class Executor {
 public:
  Executor(EventLoop& loop)
      : loop_(&loop) {}  // implicit, so that a loop can be passed as an Executor

  EventLoop& loop() const { return *loop_; }
  TimePoint Now() const { return loop_->Now(); }

  // The current time plus `duration`, saturated at the largest TimePoint.
  TimePoint After(absl::Duration duration) const {
    const TimePoint now = Now();
    const absl::Duration left = absl::FromChrono(TimePoint::max() - now);
    if (duration >= left) return TimePoint::max();
    return now + absl::ToChronoNanoseconds(duration);
  }

  void Post(absl::AnyInvocable<void()> work) const { loop_->Post(std::move(work)); }
  std::unique_ptr<Timer> MakeTimer() const { return loop_->MakeTimer(); }

  friend auto operator<=>(const Executor&, const Executor&) = default;

 private:
  EventLoop* loop_;
};

}  // namespace countersign::async
