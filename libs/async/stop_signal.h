#pragma once

#include <memory>
#include <set>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "libs/async/executor.h"
#include "libs/base/mutex.h"

namespace countersign::async {

// Notifies calls on all executors, once, that the process is about to stop. Stop and stopped are
// thread-safe; a Watch is used on its executor only.
class StopSignal {
 public:
  void Stop() {
    std::set<std::shared_ptr<Entry>> told;
    {
      const MutexLock lock(mutex_);
      stopped_ = true;
      told.swap(entries_);
    }
    for (const std::shared_ptr<Entry>& entry : told) Tell(entry);
  }

  bool stopped() const {
    const MutexLock lock(mutex_);
    return stopped_;
  }

 private:
  struct Entry {
    Executor executor;
    absl::AnyInvocable<void()>
        on_stop;  // used on the executor; null once called, or after its watch ended
  };
  static void Tell(const std::shared_ptr<Entry>& entry) {
    entry->executor.Post([entry] {
      if (entry->on_stop != nullptr) std::exchange(entry->on_stop, nullptr)();
    });
  }

 public:
  // Calls `on_stop` on `executor`, once, when Stop is called or was called before; never after this
  // object's lifetime, and not within its constructor. Constructed and destroyed on `executor`.
  class Watch {
   public:
    Watch(StopSignal& signal, Executor executor, absl::AnyInvocable<void()> on_stop)
        : signal_(signal), entry_(std::make_shared<Entry>(Entry{executor, std::move(on_stop)})) {
      {
        const MutexLock lock(signal_.mutex_);
        if (!signal_.stopped_) {
          signal_.entries_.insert(entry_);
          return;
        }
      }
      Tell(entry_);
    }
    ~Watch() {
      entry_->on_stop = nullptr;
      const MutexLock lock(signal_.mutex_);
      signal_.entries_.erase(entry_);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    StopSignal& signal_;
    const std::shared_ptr<Entry> entry_;
  };

 private:
  mutable Mutex mutex_;
  bool stopped_ CS_GUARDED_BY(mutex_) = false;
  std::set<std::shared_ptr<Entry>> entries_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::async
