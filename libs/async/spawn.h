#pragma once

#include <exception>

#include "absl/functional/any_invocable.h"
#include "libs/async/awaitable.h"
#include "libs/async/executor.h"

namespace countersign::async {

// Runs `work` on `executor`, never within this call. Thread-safe. The loop then owns the coroutine:
// it is destroyed at its end or with the loop.
//
// `on_done` is called on the executor at the end, after the frame of `work` was destroyed, with the
// exception that it threw or null. The captures of `on_done` outlive that frame, also when the loop
// destroys it. Without `on_done` an exception terminates the process.
void Spawn(Executor executor, Awaitable<void> work,
           absl::AnyInvocable<void(std::exception_ptr)> on_done = nullptr);

}  // namespace countersign::async
