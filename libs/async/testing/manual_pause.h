#pragma once

#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "libs/async/retry_loop.h"
#include "libs/base/mutex.h"

namespace countersign::async::testing {

// A pause that lasts until the test ends it: each Pass lets the loop run one round. Thread-safe.
class ManualPause final : public Pause {
 public:
  void Wait(absl::Duration duration) override {
    const MutexLock lock(mutex_);
    asked_ = duration;
    changed_.NotifyAll();
    changed_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return cut_; });
    cut_ = false;
    asked_.reset();
  }
  void Cut() override {
    const MutexLock lock(mutex_);
    cut_ = true;
    changed_.NotifyAll();
  }

  // Waits until the loop pauses, and returns the requested duration. Nullopt after a minute.
  std::optional<absl::Duration> AwaitPause() {
    const MutexLock lock(mutex_);
    const bool paused = changed_.WaitFor(mutex_, absl::Minutes(1), [this]() CS_REQUIRES(mutex_) {
      return asked_.has_value() && !cut_;
    });
    return paused ? asked_ : std::nullopt;
  }

  // Ends the current pause, and waits for the next one.
  std::optional<absl::Duration> Pass() {
    AwaitPause();
    Cut();
    return AwaitPause();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool cut_ CS_GUARDED_BY(mutex_) = false;
  std::optional<absl::Duration> asked_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::async::testing
