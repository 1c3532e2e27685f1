#pragma once

#include <chrono>
#include <coroutine>
#include <memory>

#include "absl/functional/any_invocable.h"

namespace countersign::async {

namespace internal {

class Spawner;

// A coroutine in its loop's list, which it leaves when it ends.
struct Spawned {
  Spawned() = default;
  Spawned(const Spawned&) = delete;
  Spawned& operator=(const Spawned&) = delete;
  ~Spawned() { Unlink(); }
  void LinkBefore(Spawned& place) {
    next = &place;
    previous = place.previous;
    previous->next = place.previous = this;
  }
  void Unlink() {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }
  Spawned* previous = this;
  Spawned* next = this;
  std::coroutine_handle<> frame;
};

}  // namespace internal

// A point of monotonic time.
using TimePoint = std::chrono::steady_clock::time_point;

// Calls a function at a time of its loop's clock. All members are called on the loop's thread.
class Timer {
 public:
  virtual ~Timer() = default;  // cancels

  // Calls `on_expiry` on the loop, as soon as `when` has passed. Replaces what was set before.
  virtual void Start(TimePoint when, absl::AnyInvocable<void()> on_expiry) = 0;

  // Once it returns nothing is called any more, whether the time had passed or not.
  virtual void Cancel() = 0;
};

// One thread that runs what is posted to it, one thing after the other, and what its timers call.
// Whatever belongs to a loop is used on its thread alone and needs no lock.
//
// A loop owns the coroutines that are spawned on it: those that have not ended when it is destroyed
// are destroyed with it. Implementations: http::IoLoop, testing::ManualExecutor.
class EventLoop {
 public:
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  virtual ~EventLoop();

  virtual TimePoint Now() const = 0;

  // Runs `work` on the loop, never within this call. Thread-safe. What a destroyed loop has not run
  // is dropped.
  virtual void Post(absl::AnyInvocable<void()> work) = 0;

  virtual std::unique_ptr<Timer> MakeTimer() = 0;

 protected:
  EventLoop();

  // Implementations call it first in their destructor, while posting and timers still work: drops
  // every ExecutorHandle and destroys the coroutines.
  void Close();

 private:
  friend class ExecutorHandle;
  friend internal::Spawner;
  struct Gate;

  const std::shared_ptr<Gate> gate_;
  internal::Spawned spawned_;  // the list's head
};

}  // namespace countersign::async
