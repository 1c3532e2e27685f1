#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "absl/status/statusor.h"
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
    const std::lock_guard<std::mutex> lock(mutex_);
    always_ = std::move(make);
  }
  void AlwaysFail(absl::Status status) {
    Always([status] { return absl::StatusOr<T>(status); });
  }
  // Adds an answer for one of the next calls, in the order of the calls to Next.
  void Next(Make make) {
    const std::lock_guard<std::mutex> lock(mutex_);
    next_.push_back(std::move(make));
  }
  void FailNext(absl::Status status) {
    Next([status] { return absl::StatusOr<T>(status); });
  }

  // From now on, answers are held until they are released.
  void Hold() {
    const std::lock_guard<std::mutex> lock(mutex_);
    holding_ = true;
  }
  // Gives the oldest held answer. False when there is none.
  bool ReleaseOne() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (held_.empty()) return false;
    auto answer = std::move(held_.front());
    held_.pop_front();
    lock.unlock();
    answer();
    return true;
  }
  // Gives all held answers and stops holding.
  void Release() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      holding_ = false;
    }
    while (ReleaseOne()) {
    }
  }
  // Blocks until `count` answers are held.
  void WaitForHeld(std::size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= count; });
  }
  std::size_t calls() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return calls_;
  }

  // Answers one call of the fake's method.
  void Give(domain::Done<T> done) { Give(std::move(done), nullptr); }
  // `instead` makes the answer of a call for which the test has scripted none.
  void Give(domain::Done<T> done, Make instead) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++calls_;
    Make make = instead ? std::move(instead) : always_;
    if (!next_.empty()) {
      make = std::move(next_.front());
      next_.pop_front();
    }
    auto answer = [make = std::move(make), done = std::move(done)]() mutable { done(make()); };
    if (holding_) {
      held_.push_back(std::move(answer));
      changed_.notify_all();
      return;
    }
    lock.unlock();
    answer();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Make always_;
  std::deque<Make> next_;
  bool holding_ = false;
  std::deque<absl::AnyInvocable<void()>> held_;
  std::size_t calls_ = 0;
};

}  // namespace countersign::clients
