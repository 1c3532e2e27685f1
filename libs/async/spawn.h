#pragma once

#include <exception>

#include "absl/functional/any_invocable.h"
#include "libs/async/awaitable.h"
#include "libs/async/executor.h"

namespace countersign::async {

// Runs `work` on `executor`, never within this call. Thread-safe. The loop owns the coroutine from
// now on: it is destroyed when it ends, or with the loop.
//
// `on_done` is called on the executor at the end, when the frame of `work` is gone, with what it
// threw or null. What `on_done` holds outlives that frame, also where the loop destroys it. Without
// `on_done` an exception ends the process.
void Spawn(Executor executor, Awaitable<void> work,
           absl::AnyInvocable<void(std::exception_ptr)> on_done = nullptr);

}  // namespace countersign::async
