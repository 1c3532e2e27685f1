#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace countersign::async {

// How a loop waits between two rounds. Replaced in tests (testing/manual_pause.h). Thread-safe.
class Pause {
 public:
  virtual ~Pause() = default;

  // Returns when `duration` has passed, or Cut was called since the last Wait returned.
  virtual void Wait(absl::Duration duration) = 0;
  virtual void Cut() = 0;
};

// A thread that repeats one function until it is destroyed. The function may block, unlike on an
// event loop. Thread-safe.
class RetryLoop {
 public:
  // Returns the pause until the next round, for instance a Backoff's. Must return soon after `stop`
  // was requested; use a std::stop_callback to end waits.
  using Round = std::function<absl::Duration(std::stop_token stop)>;

  // The first round begins at once. `pause` must not be shared with other loops; null: the steady
  // clock.
  explicit RetryLoop(Round round, std::shared_ptr<Pause> pause = nullptr);
  ~RetryLoop();  // Stop
  RetryLoop(const RetryLoop&) = delete;
  RetryLoop& operator=(const RetryLoop&) = delete;

  // Begins the next round at once; if a round is running, after it without a pause.
  void RunNow() { pause_->Cut(); }

  // Returns when no round is running; none begins afterwards. Must not be called by a round.
  void Stop();

 private:
  void Run();

  const Round round_;
  const std::shared_ptr<Pause> pause_;
  std::stop_source stop_;
  Mutex joining_;
  std::thread thread_ CS_GUARDED_BY(joining_);  // last, because it starts in the constructor
};

// Pauses between attempts: 100 ms, doubled up to 2 s, and from the start again after a success.
class Backoff {
 public:
  void Reset() { next_ = kFirst; }
  absl::Duration Next() { return std::exchange(next_, std::min(next_ * 2, kMost)); }

 private:
  static constexpr absl::Duration kFirst = absl::Milliseconds(100);
  static constexpr absl::Duration kMost = absl::Seconds(2);
  absl::Duration next_ = kFirst;
};

}  // namespace countersign::async
