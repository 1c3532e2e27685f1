#pragma once

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "libs/base/mutex.h"

namespace countersign {

// A fixed number of threads for work that may block (PostgreSQL, files), with a bounded queue: when
// it is full the work is refused, and the caller answers RESOURCE_EXHAUSTED instead of waiting
// without limit. Thread-safe. The destructor runs what was accepted and joins.
class ThreadPool {
 public:
  ThreadPool(std::size_t threads, std::size_t max_queued);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // False when the queue is full; `work` was then not accepted and never runs.
  [[nodiscard]] bool TrySubmit(absl::AnyInvocable<void()> work) CS_EXCLUDES(mutex_);

 private:
  void Run() CS_EXCLUDES(mutex_);

  const std::size_t max_queued_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<absl::AnyInvocable<void()>> queue_ CS_GUARDED_BY(mutex_);
  bool stopping_ CS_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace countersign
