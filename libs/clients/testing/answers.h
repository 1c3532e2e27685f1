#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/domain/call.h"

namespace countersign::clients {

// The scripted answers of one method of a fake port, given at once or when the test releases them.
// Thread-safe.
template <typename T>
class Answers {
 public:
  using Make = std::function<absl::StatusOr<T>()>;

  explicit Answers(Make always) : always_(std::move(always)) {}

  // Sets the answer of every call without one of its own.
  void Always(Make make) {
    const MutexLock lock(mutex_);
    always_ = std::move(make);
  }
  void AlwaysFail(absl::Status status) {
    Always([status] { return absl::StatusOr<T>(status); });
  }
  // Adds an answer for one of the next calls, in the order of the calls to Next.
  void Next(Make make) {
    const MutexLock lock(mutex_);
    next_.push_back(std::move(make));
  }
  void FailNext(absl::Status status) {
    Next([status] { return absl::StatusOr<T>(status); });
  }

  // From now on, answers are held until they are released.
  void Hold() {
    const MutexLock lock(mutex_);
    holding_ = true;
  }
  // Gives the oldest held answer. False when there is none.
  bool ReleaseOne() {
    MutexLock lock(mutex_);
    if (held_.empty()) return false;
    auto answer = std::move(held_.front());
    held_.pop_front();
    lock.Unlock();
    answer();
    return true;
  }
  // Gives all held answers and stops holding.
  void Release() {
    {
      const MutexLock lock(mutex_);
      holding_ = false;
    }
    while (ReleaseOne()) {
    }
  }
  // Blocks until `count` answers are held.
  void WaitForHeld(std::size_t count) {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_, [&]() CS_REQUIRES(mutex_) { return held_.size() >= count; });
  }
  std::size_t calls() const {
    const MutexLock lock(mutex_);
    return calls_;
  }

  // Answers one call of the fake's method.
  void Give(domain::Done<T> done) { Give(std::move(done), nullptr); }
  // `instead` makes the answer of a call for which the test has scripted none.
  void Give(domain::Done<T> done, Make instead) {
    MutexLock lock(mutex_);
    ++calls_;
    Make make = instead ? std::move(instead) : always_;
    if (!next_.empty()) {
      make = std::move(next_.front());
      next_.pop_front();
    }
    auto answer = [make = std::move(make), done = std::move(done)]() mutable { done(make()); };
    if (holding_) {
      held_.push_back(std::move(answer));
      changed_.NotifyAll();
      return;
    }
    lock.Unlock();
    answer();
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  Make always_ CS_GUARDED_BY(mutex_);
  std::deque<Make> next_ CS_GUARDED_BY(mutex_);
  bool holding_ CS_GUARDED_BY(mutex_) = false;
  std::deque<absl::AnyInvocable<void()>> held_ CS_GUARDED_BY(mutex_);
  std::size_t calls_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::clients
