#pragma once

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace countersign {

// The time seam: nothing else in the project reads a clock directly, so tests decide what time it
// is (libs/testing/fake_clock.h). Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

// 2026-11-22T12:00:00.123Z: RFC 3339, UTC, milliseconds.
std::string FormatRfc3339(absl::Time time);

}  // namespace countersign
