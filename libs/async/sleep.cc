#include "libs/async/sleep.h"

#include <utility>

#include "libs/async/suspension.h"

namespace countersign::async {

Awaitable<void> Sleep(Executor executor, absl::Duration duration) {
  Suspension suspension(executor);
  const std::unique_ptr<Timer> timer = executor.MakeTimer();
  timer->Start(executor.After(duration), [&suspension] { suspension.Wake(); });
  co_await suspension;
}

Awaitable<void> Sleep(Executor executor, absl::Duration duration, Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return;
  Suspension suspension(executor);
  const Cancellation::Watch watch(cancellation, [&suspension] { suspension.WakeSoon(); });
  const std::unique_ptr<Timer> timer = executor.MakeTimer();
  timer->Start(executor.After(duration), [&suspension] { suspension.Wake(); });
  co_await suspension;
}

Awaitable<void> UntilCancelled(Executor executor, Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return;
  Suspension suspension(executor);
  const Cancellation::Watch watch(cancellation, [&suspension] { suspension.WakeSoon(); });
  co_await suspension;
}

Deadline::Deadline(Executor executor, absl::Duration timeout, Cancellation& cancellation,
                   absl::Status cause)
    : timer_(executor.MakeTimer()) {
  timer_->Start(executor.After(timeout), [&cancellation, cause = std::move(cause)]() mutable {
    cancellation.Cancel(std::move(cause));
  });
}

}  // namespace countersign::async
