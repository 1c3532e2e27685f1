#pragma once

#include <coroutine>
#include <memory>
#include <utility>

#include "libs/async/executor.h"

namespace countersign::async {

// A coroutine's wait for a wake-up. A local variable of the coroutine, awaited once; all members
// are called on the executor.
//
//   Suspension suspension(executor);
//   … pass &suspension to the code that wakes it …
//   co_await suspension;
class Suspension {
 public:
  explicit Suspension(Executor executor) : executor_(executor) {}
  ~Suspension() {
    if (self_ != nullptr) *self_ = nullptr;
  }
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;

  // Resumes the coroutine within this call, so coroutine and Suspension may be gone afterwards. For
  // callbacks of the loop (timers, posted work). Only the first call has an effect.
  void Wake() {
    woken_ = true;
    if (coroutine_) std::exchange(coroutine_, nullptr).resume();
  }

  // Resumes the coroutine after the current work. For calls by other coroutines, for example from a
  // Cancellation.
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
  std::shared_ptr<Suspension*> self_;  // contains null after destruction
};

}  // namespace countersign::async
