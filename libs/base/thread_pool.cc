#include "libs/base/thread_pool.h"

#include <utility>

namespace countersign {

ThreadPool::ThreadPool(std::size_t threads, std::size_t max_queued, ThreadPriority priority)
    : max_queued_(max_queued) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this, priority] { Run(priority); });
}

ThreadPool::~ThreadPool() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

bool ThreadPool::TrySubmit(absl::AnyInvocable<void()> work) {
  {
    const MutexLock lock(mutex_);
    if (stopping_ || queue_.size() >= max_queued_) return false;
    queue_.push_back(std::move(work));
  }
  wake_.NotifyOne();
  return true;
}

void ThreadPool::Run(ThreadPriority priority) {
  SetThreadPriority(priority);
  for (;;) {
    absl::AnyInvocable<void()> work;
    {
      const MutexLock lock(mutex_);
      wake_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace countersign
