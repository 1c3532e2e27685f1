#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <utility>
#include <vector>
#include "libs/base/mutex.h"
#include "libs/base/thread_priority.h"

namespace countersign::session_recorder::live {

struct GroupLimits {
  std::size_t batch_events = 256;
  std::size_t batch_bytes = 8u << 20;
  std::size_t queued_bytes = 128u << 20;
};

// Commits the items of many writers in groups, without a timer: an item is committed at once when
// no commit is running; items that arrive during a commit form the next batch. Items keep the order
// of submission within and across batches. One batch at a time is committed, on the committer's own
// thread.
//
// `Item` is movable. This class only schedules; `commit` writes the items and reports the results.
// Thread-safe.
template <typename Item>
class GroupCommitter {
 public:
  using Commit = std::function<void(std::vector<Item> batch)>;

  // `priority` is that of the committer's thread.
  explicit GroupCommitter(Commit commit, GroupLimits limits = {},
                          ThreadPriority priority = ThreadPriority::kNormal)
      : commit_(std::move(commit)), limits_(limits), thread_([this, priority] { Run(priority); }) {}

  ~GroupCommitter() { Stop(); }
  GroupCommitter(const GroupCommitter&) = delete;
  GroupCommitter& operator=(const GroupCommitter&) = delete;

  // Commits the accepted items, then stops; nothing is accepted any more. Not to be called on the
  // committer's own thread, or by two threads.
  void Stop() {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
    }
    wake_.NotifyOne();
    if (thread_.joinable()) thread_.join();
  }

  // False when the queue is full or the committer was stopped; `item` is then unchanged and
  // will not be committed. An item larger than a batch is committed alone; an item larger than the
  // queue is accepted only when the queue is empty.
  [[nodiscard]] bool Submit(Item& item, std::size_t events, std::size_t bytes) {
    {
      const MutexLock lock(mutex_);
      if (stopping_ || (!queue_.empty() && queued_bytes_ + bytes > limits_.queued_bytes)) {
        return false;
      }
      queued_bytes_ += bytes;
      queue_.push_back({std::move(item), events, bytes});
    }
    wake_.NotifyOne();
    return true;
  }

  std::size_t queued() const {
    const MutexLock lock(mutex_);
    return queue_.size();
  }

 private:
  struct Queued {
    Item item;
    std::size_t events;
    std::size_t bytes;
  };

  // The longest prefix of the queue within the limits; at least one item.
  std::vector<Item> TakeBatch() CS_REQUIRES(mutex_) {
    std::vector<Item> batch;
    std::size_t events = 0, bytes = 0;
    while (!queue_.empty()) {
      Queued& next = queue_.front();
      events += next.events;
      bytes += next.bytes;
      const bool full = events > limits_.batch_events || bytes > limits_.batch_bytes;
      if (full && !batch.empty()) break;
      batch.push_back(std::move(next.item));
      queued_bytes_ -= next.bytes;
      queue_.pop_front();
    }
    return batch;
  }

  void Run(ThreadPriority priority) {
    SetThreadPriority(priority);
    for (;;) {
      std::vector<Item> batch;
      {
        const MutexLock lock(mutex_);
        wake_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        batch = TakeBatch();
      }
      commit_(std::move(batch));
    }
  }

  const Commit commit_;
  const GroupLimits limits_;
  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Queued> queue_ CS_GUARDED_BY(mutex_);
  std::size_t queued_bytes_ CS_GUARDED_BY(mutex_) = 0;
  bool stopping_ CS_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it starts in the constructor
};

}  // namespace countersign::session_recorder::live
