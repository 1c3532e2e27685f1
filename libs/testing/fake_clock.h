#pragma once

#include "libs/base/clock.h"
#include "libs/base/mutex.h"

namespace countersign::testing {

// A clock that advances only when told to. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000)) : now_(start) {}

  absl::Time Now() const override {
    const MutexLock lock(mutex_);
    return now_;
  }
  void Advance(absl::Duration by) {
    const MutexLock lock(mutex_);
    now_ += by;
  }

 private:
  mutable Mutex mutex_;
  absl::Time now_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::testing
