#pragma once

#include <coroutine>
#include <memory>
#include <utility>

#include "libs/async/executor.h"

namespace countersign::async {

// A coroutine that waits to be woken. It lives in the coroutine's frame, as a local, and is awaited
// once; everything is called on the executor.
//
//   Suspension suspension(executor);
//   … give &suspension to whoever wakes it …
//   co_await suspension;
class Suspension {
 public:
  explicit Suspension(Executor executor) : executor_(executor) {}
  ~Suspension() {
    if (self_ != nullptr) *self_ = nullptr;
  }
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;

  // Resumes the coroutine within this call, so it may be gone afterwards, and this with it. For
  // what the loop itself calls: timers and posted work. The first call counts, later ones change
  // nothing.
  void Wake() {
    woken_ = true;
    if (coroutine_) std::exchange(coroutine_, nullptr).resume();
  }

  // Resumes the coroutine after what runs now. For what is called by other coroutines, a
  // Cancellation for instance.
  void WakeSoon() {
    if (woken_ || self_ != nullptr) return;
    self_ = std::make_shared<Suspension*>(this);
    executor_.Post([self = self_] {
      if (*self != nullptr) (*self)->Wake();
    });
  }

  bool await_ready() const noexcept { return woken_; }
  void await_suspend(std::coroutine_handle<> coroutine) noexcept { coroutine_ = coroutine; }
  void await_resume() const noexcept {}

 private:
  const Executor executor_;
  std::coroutine_handle<> coroutine_;
  bool woken_ = false;
  std::shared_ptr<Suspension*> self_;  // null inside when destroyed
};

}  // namespace countersign::async
