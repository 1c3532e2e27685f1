#include "services/approval/gate/timers.h"

#include <algorithm>

namespace countersign::approval::gate {

Timers::~Timers() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

Timers::Id Timers::At(absl::Time when, absl::AnyInvocable<void()> action) {
  const MutexLock lock(mutex_);
  const Id id = ++last_id_;
  times_.emplace(id, when);
  const auto [entry, inserted] = actions_.emplace(std::pair(when, id), std::move(action));
  if (entry == actions_.begin()) wake_.NotifyAll();
  return id;
}

bool Timers::Cancel(Id id) {
  absl::AnyInvocable<void()> dropped;  // destroyed outside of the lock
  const MutexLock lock(mutex_);
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
      const MutexLock lock(mutex_);
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
  MutexLock lock(mutex_);
  while (!stopping_) {
    const absl::Time now = clock.Now();
    if (!actions_.empty() && actions_.begin()->first.first <= now) {
      lock.Unlock();
      RunDue(now);
      lock.Lock();
      continue;
    }
    if (actions_.empty()) {
      wake_.Wait(mutex_);
      continue;
    }
    const absl::Time next = actions_.begin()->first.first;
    wake_.WaitFor(mutex_, std::min(next - now, absl::Seconds(60)) + absl::Milliseconds(1),
                  [&]() CS_REQUIRES(mutex_) {
                    return stopping_ || actions_.empty() || actions_.begin()->first.first < next;
                  });
  }
}

}  // namespace countersign::approval::gate
