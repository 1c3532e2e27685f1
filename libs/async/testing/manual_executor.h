#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/event_loop.h"
#include "libs/async/executor.h"
#include "libs/async/spawn.h"
#include "libs/base/mutex.h"

namespace countersign::async::testing {

// An event loop without a thread: the test runs it, and its clock advances only when the test says
// so. Post may be called on any thread, other members on the test's.
class ManualExecutor final : public EventLoop {
 public:
  ManualExecutor() = default;
  ~ManualExecutor() override { Close(); }

  TimePoint Now() const override { return now_; }
  void Post(absl::AnyInvocable<void()> work) override {
    const MutexLock lock(mutex_);
    posted_.push_back(std::move(work));
  }
  std::unique_ptr<Timer> MakeTimer() override { return std::make_unique<ManualTimer>(*this); }

  // Runs posted work until none is left. Returns whether there was any.
  bool RunReady() {
    bool ran = false;
    for (absl::AnyInvocable<void()> work; (work = Next()) != nullptr; ran = true) work();
    return ran;
  }

  // Advances the clock: timers expire in order, each at its own time.
  void Advance(absl::Duration duration) {
    const TimePoint end = Executor(*this).After(duration);
    RunReady();
    while (!timers_.empty() && timers_.begin()->first <= end) {
      const auto first = timers_.begin();
      now_ = std::max(now_, first->first);
      absl::AnyInvocable<void()> on_expiry = std::move(first->second.on_expiry);
      first->second.timer->place_.reset();
      timers_.erase(first);
      on_expiry();
      RunReady();
    }
    now_ = end;
  }

  std::size_t timers() const { return timers_.size(); }  // set and not expired

  // Starts `work`, runs ready work, and returns the result, or nullopt if it still waits.
  template <typename T>
  std::optional<T> Run(Awaitable<T> work) {
    const auto result = std::make_shared<std::optional<T>>();
    const auto thrown = std::make_shared<std::exception_ptr>();
    Spawn(*this, Store(std::move(work), result),
          [thrown](std::exception_ptr exception) { *thrown = std::move(exception); });
    RunReady();
    if (*thrown != nullptr) std::rethrow_exception(*thrown);
    return std::move(*result);
  }

 private:
  class ManualTimer;
  struct Entry {
    ManualTimer* timer;
    absl::AnyInvocable<void()> on_expiry;
  };
  using Timers = std::multimap<TimePoint, Entry>;

  class ManualTimer final : public Timer {
   public:
    explicit ManualTimer(ManualExecutor& loop) : loop_(loop) {}
    ~ManualTimer() override { Cancel(); }
    void Start(TimePoint when, absl::AnyInvocable<void()> on_expiry) override {
      Cancel();
      place_ = loop_.timers_.emplace(when, Entry{this, std::move(on_expiry)});
    }
    void Cancel() override {
      if (place_) loop_.timers_.erase(*std::exchange(place_, std::nullopt));
    }

   private:
    friend class ManualExecutor;
    ManualExecutor& loop_;
    std::optional<Timers::iterator> place_;
  };

  template <typename T>
  static Awaitable<void> Store(Awaitable<T> work, std::shared_ptr<std::optional<T>> result) {
    result->emplace(co_await std::move(work));
  }

  absl::AnyInvocable<void()> Next() {
    const MutexLock lock(mutex_);
    if (posted_.empty()) return nullptr;
    absl::AnyInvocable<void()> work = std::move(posted_.front());
    posted_.pop_front();
    return work;
  }

  TimePoint now_{std::chrono::hours(1)};
  Timers timers_;
  Mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> posted_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::async::testing
