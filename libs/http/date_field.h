#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "absl/time/time.h"

namespace countersign::http {

// The value of the `date` field that RFC 9110 requires in every response, formatted at most once
// per second. Not thread-safe.
class DateField {
 public:
  // "Sun, 29 Nov 2026 22:00:00 GMT". `now` may go back, because clocks are adjusted.
  const std::string& Format(absl::Time now) {
    const std::int64_t second = absl::ToUnixSeconds(now);
    if (second != second_) {
      second_ = second;
      text_ = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
    }
    return text_;
  }

 private:
  std::int64_t second_ = std::numeric_limits<std::int64_t>::min();
  std::string text_;
};

// The current value, formatted once per second in each thread. Thread-safe.
const std::string& FormatDate();

}  // namespace countersign::http
