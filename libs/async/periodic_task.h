#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/async/retry_loop.h"

namespace countersign::async {

// Does work that may block on a separate thread, every `interval`, until it is destroyed. The
// interval is the time from the end of a round to the beginning of the next. Thread-safe.
class PeriodicTask {
 public:
  struct Work {
    std::function<absl::Status()> run;
    // Called on the task's thread when a failure begins, changes its code, or ends (OK), so that it
    // is logged once per change. Optional.
    std::function<void(const absl::Status&)> on_change;
  };
  enum class First { kAtOnce, kAfterInterval };

  // `pause` as for RetryLoop.
  PeriodicTask(absl::Duration interval, Work work, First first = First::kAtOnce,
               std::shared_ptr<Pause> pause = nullptr);

  // Begins the next round at once.
  void RunNow() { loop_.RunNow(); }

  // Returns when no round is running; none begins afterwards. Must not be called by the work.
  void Stop() { loop_.Stop(); }

 private:
  static RetryLoop::Round MakeRound(absl::Duration interval, Work work, First first);

  RetryLoop loop_;
};

}  // namespace countersign::async
