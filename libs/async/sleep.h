#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/async/executor.h"

namespace countersign::async {

// Returns after `duration`, or earlier when the call is cancelled.
Awaitable<void> Sleep(Executor executor, absl::Duration duration);
Awaitable<void> Sleep(Executor executor, absl::Duration duration, Cancellation& cancellation);

Awaitable<void> UntilCancelled(Executor executor, Cancellation& cancellation);

// Cancels a call if it takes longer than `timeout` during this object's lifetime.
class Deadline {
 public:
  Deadline(Executor executor, absl::Duration timeout, Cancellation& cancellation,
           absl::Status cause);

 private:
  const std::unique_ptr<Timer> timer_;
};

}  // namespace countersign::async
