#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"

namespace countersign::log {

// Limits how often one kind of line is logged, where callers decide how often it happens. What is
// held back is counted and told with the next line that passes. Thread-safe.
class Throttle {
 public:
  // At most `lines` in each `period`. `clock` outlives it.
  Throttle(const Clock& clock, std::size_t lines, absl::Duration period)
      : clock_(clock), lines_(lines), period_(period) {}

  // Absent: hold this line back. Else how many lines this one stands for: itself, and those held
  // back since the last one that passed.
  std::optional<std::uint64_t> Pass() {
    const absl::Time now = clock_.Now();
    const MutexLock lock(mutex_);
    if (now < begun_ || now - begun_ >= period_) {  // clocks are set back, too
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
