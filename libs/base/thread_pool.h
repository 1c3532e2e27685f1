#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"

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
  [[nodiscard]] bool TrySubmit(absl::AnyInvocable<void()> work);

 private:
  void Run();

  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<absl::AnyInvocable<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace countersign
