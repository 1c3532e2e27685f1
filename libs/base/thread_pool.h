#pragma once

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "libs/base/mutex.h"
#include "libs/base/thread_priority.h"

namespace countersign {

// A fixed number of threads for work that may block (PostgreSQL, files), with a bounded queue. When
// the queue is full, work is refused, and the caller should answer RESOURCE_EXHAUSTED instead of
// waiting. Thread-safe. The destructor runs accepted work and joins.
class ThreadPool {
 public:
  ThreadPool(std::size_t threads, std::size_t max_queued,
             ThreadPriority priority = ThreadPriority::kNormal);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // False when the queue is full; `work` will then not run.
  [[nodiscard]] bool TrySubmit(absl::AnyInvocable<void()> work) CS_EXCLUDES(mutex_);

 private:
  void Run(ThreadPriority priority) CS_EXCLUDES(mutex_);

  const std::size_t max_queued_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<absl::AnyInvocable<void()>> queue_ CS_GUARDED_BY(mutex_);
  bool stopping_ CS_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace countersign
