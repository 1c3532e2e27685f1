#pragma once

#include <coroutine>
#include <exception>
#include <utility>

#include "libs/async/awaitable.h"
#include "libs/async/executor.h"
#include "libs/async/suspension.h"

namespace countersign::async {

// A coroutine that runs beside the one that owns this object, and is destroyed with it wherever it
// waits. So it may refer to all that its owner outlives, also when the loop is destroyed.
//
// Starts soon, not within the constructor. Its owner must not be resumed by it within a call: what
// it does for its owner wakes it later (Condition::Notify, Suspension::WakeSoon). An exception
// terminates the process.
class SideTask {
 public:
  SideTask(Executor executor, Awaitable<void> work) : start_(executor) {
    frame_ = Run(std::move(work), start_).frame;
    frame_.resume();
    start_.WakeSoon();
  }
  ~SideTask() { frame_.destroy(); }
  SideTask(const SideTask&) = delete;
  SideTask& operator=(const SideTask&) = delete;

 private:
  struct Root {
    struct promise_type {
      Root get_return_object() {
        return Root{std::coroutine_handle<promise_type>::from_promise(*this)};
      }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      std::suspend_always final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      void unhandled_exception() const noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> frame;
  };

  static Root Run(Awaitable<void> work, Suspension& start) {
    co_await start;
    co_await std::move(work);
  }

  Suspension start_;
  std::coroutine_handle<Root::promise_type> frame_;
};

}  // namespace countersign::async
