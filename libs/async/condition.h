#pragma once

#include <memory>

#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/executor.h"
#include "libs/async/suspension.h"

namespace countersign::async {

// Lets one coroutine wait for a notification by others on the same executor.
class Condition {
 public:
  explicit Condition(Executor executor) : executor_(executor) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  // Returns after the next Notify or after `timeout`. One waiting coroutine at a time.
  Awaitable<void> WaitFor(absl::Duration timeout);

  // Wakes the waiting coroutine, later on the executor; without one it does nothing.
  void Notify() {
    if (waiting_ != nullptr) waiting_->WakeSoon();
  }

 private:
  const Executor executor_;
  std::unique_ptr<Timer> timer_;
  Suspension* waiting_ = nullptr;
};

}  // namespace countersign::async
