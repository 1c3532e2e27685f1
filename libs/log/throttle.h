#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"

namespace countersign::log {

// Limits how often a line is logged whose cause callers can repeat at will. Suppressed lines are
// counted; the next line that passes reports the count. Thread-safe.
class Throttle {
 public:
  // At most `lines` in each `period`. `clock` outlives it.
  Throttle(const Clock& clock, std::size_t lines, absl::Duration period)
      : clock_(clock), lines_(lines), period_(period) {}

  // Nothing: suppress this line. Otherwise the number of lines that this one stands for: itself and
  // those suppressed since the last one that passed.
  std::optional<std::uint64_t> Pass() {
    const absl::Time now = clock_.Now();
    const MutexLock lock(mutex_);
    if (now < begun_ || now - begun_ >= period_) {  // clocks may be set back
      begun_ = now;
      passed_ = 0;
    }
    if (passed_ == lines_) {
      ++held_back_;
      return std::nullopt;
    }
    ++passed_;
    return std::exchange(held_back_, 0) + 1;
  }

 private:
  const Clock& clock_;
  const std::size_t lines_;
  const absl::Duration period_;
  Mutex mutex_;
  absl::Time begun_ CS_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::size_t passed_ CS_GUARDED_BY(mutex_) = 0;
  std::uint64_t held_back_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::log
