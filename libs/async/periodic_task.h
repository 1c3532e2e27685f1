#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/async/retry_loop.h"

namespace countersign::async {

// Does work that may block, on a thread of its own, every `interval` until it is destroyed. The
// interval lasts from the end of a round to the beginning of the next. Thread-safe.
class PeriodicTask {
 public:
  struct Work {
    std::function<absl::Status()> run;
    // Called when failing begins, goes on with another code, or is over (OK): a line of log each,
    // however long it lasts. By the task's thread. Optional.
    std::function<void(const absl::Status&)> on_change;
  };
  enum class First { kAtOnce, kAfterInterval };

  // `pause` as for RetryLoop.
  PeriodicTask(absl::Duration interval, Work work, First first = First::kAtOnce,
               std::shared_ptr<Pause> pause = nullptr);

  // The next round begins at once.
  void RunNow() { loop_.RunNow(); }

  // Returns when no round runs any more, and none begins again. Not to be called by the work.
  void Stop() { loop_.Stop(); }

 private:
  static RetryLoop::Round MakeRound(absl::Duration interval, Work work, First first);

  RetryLoop loop_;
};

}  // namespace countersign::async
