#pragma once

#include <algorithm>
#include <cstddef>

#include "libs/async/event_loop.h"

namespace countersign::http::limits {

// At most `burst` events at once, and `per_second` in the long run.
struct Rate {
  double burst = 0;
  double per_second = 0;
};

// Counts events against a rate. Not thread-safe.
class TokenBucket {
 public:
  TokenBucket(const Rate& rate, async::TimePoint now)
      : rate_(rate), tokens_(rate.burst), updated_(now) {}

  // One event; false when it exceeds the rate. `now` must not go back.
  [[nodiscard]] bool Take(async::TimePoint now) {
    const std::chrono::duration<double> passed = now - updated_;
    updated_ = now;
    Return(passed.count() * rate_.per_second);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

  // Allows `tokens` more events, up to the burst.
  void Return(double tokens) { tokens_ = std::min(rate_.burst, tokens_ + tokens); }

 private:
  const Rate rate_;
  double tokens_;
  async::TimePoint updated_;
};

}  // namespace countersign::http::limits
