#pragma once

#include <algorithm>
#include <compare>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "libs/async/event_loop.h"

namespace countersign::async {

// Where the coroutines of a call run: a reference to an event loop. Cheap, copied freely. Must not
// be used when the loop is gone: what may outlive it holds an ExecutorHandle.
class Executor {
 public:
  Executor(EventLoop& loop) : loop_(&loop) {}  // a loop can be given wherever an Executor is wanted

  EventLoop& loop() const { return *loop_; }
  TimePoint Now() const { return loop_->Now(); }

  // Now and `duration`; the largest TimePoint when that is too far away to be told.
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
