#pragma once

#include <chrono>
#include <coroutine>
#include <memory>

#include "absl/functional/any_invocable.h"

namespace countersign::async {

namespace internal {

class Spawner;

// A coroutine's entry in its loop's list; removed at its end.
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

// Monotonic time.
using TimePoint = std::chrono::steady_clock::time_point;

// Calls a function at a time of its loop's clock. All members are called on the loop's thread.
class Timer {
 public:
  virtual ~Timer() = default;  // cancels

  // Calls `on_expiry` on the loop once `when` has passed. Replaces an earlier Start.
  virtual void Start(TimePoint when, absl::AnyInvocable<void()> on_expiry) = 0;

  // After it returns, `on_expiry` is not called, even if the time had passed.
  virtual void Cancel() = 0;
};

// A thread that runs posted work and timer callbacks one after the other. Objects that belong to a
// loop are used on its thread only and need no locks.
//
// A loop owns the coroutines spawned on it: those that have not ended are destroyed with it.
// Implementations: http::IoLoop, testing::ManualExecutor.
class EventLoop {
 public:
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  virtual ~EventLoop();

  virtual TimePoint Now() const = 0;

  // Runs `work` on the loop, never within this call. Thread-safe. Work that has not run when the
  // loop is destroyed is dropped.
  virtual void Post(absl::AnyInvocable<void()> work) = 0;

  virtual std::unique_ptr<Timer> MakeTimer() = 0;

 protected:
  EventLoop();

  // Implementations call this first in their destructor, while Post and timers still work: it
  // invalidates every ExecutorHandle and destroys the coroutines.
  void Close();

 private:
  friend class ExecutorHandle;
  friend internal::Spawner;
  struct Gate;

  const std::shared_ptr<Gate> gate_;
  internal::Spawned spawned_;  // the list's head
};

}  // namespace countersign::async
