#pragma once

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace countersign {

// The source of time. Nothing else in the project reads a clock, so tests control time
// (libs/testing/fake_clock.h). Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

// RFC 3339 in UTC with milliseconds: 2026-11-22T12:00:00.123Z.
std::string FormatRfc3339(absl::Time time);

}  // namespace countersign
