#include "services/approval/gate/timers.h"

#include <chrono>

namespace countersign::approval::gate {

Timers::~Timers() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Timers::Id Timers::At(absl::Time when, absl::AnyInvocable<void()> action) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Id id = ++last_id_;
  times_.emplace(id, when);
  const auto [entry, inserted] = actions_.emplace(std::pair(when, id), std::move(action));
  if (entry == actions_.begin()) wake_.notify_all();
  return id;
}

bool Timers::Cancel(Id id) {
  absl::AnyInvocable<void()> dropped;  // destroyed outside of the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto time = times_.find(id);
  if (time == times_.end()) return false;
  const auto entry = actions_.find(std::pair(time->second, id));
  dropped = std::move(entry->second);
  actions_.erase(entry);
  times_.erase(time);
  return true;
}

void Timers::RunDue(absl::Time now) {
  while (true) {
    absl::AnyInvocable<void()> action;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (actions_.empty() || actions_.begin()->first.first > now) return;
      action = std::move(actions_.begin()->second);
      times_.erase(actions_.begin()->first.second);
      actions_.erase(actions_.begin());
    }
    action();
  }
}

void Timers::Start(const Clock& clock) {
  thread_ = std::thread([this, &clock] { Run(clock); });
}

void Timers::Run(const Clock& clock) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    const absl::Time now = clock.Now();
    if (!actions_.empty() && actions_.begin()->first.first <= now) {
      lock.unlock();
      RunDue(now);
      lock.lock();
      continue;
    }
    if (actions_.empty()) {
      wake_.wait(lock);
    } else {
      const absl::Duration left = actions_.begin()->first.first - now;
      wake_.wait_for(lock, absl::ToChronoMilliseconds(std::min(left, absl::Seconds(60))) +
                               std::chrono::milliseconds(1));
    }
  }
}

}  // namespace countersign::approval::gate
