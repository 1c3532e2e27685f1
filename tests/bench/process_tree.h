#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace countersign::bench {

// What some processes and all their descendants used and hold, from /proc.
struct ProcessUse {
  std::int64_t cpu_us = 0;        // user and system, of dead children too; in steps of 10 ms
  std::int64_t memory_bytes = 0;  // proportional: pages shared by n of them count once in all
  int processes = 0;
};

// Memory is only read if `with_memory`: it costs milliseconds.
ProcessUse MeasureUse(const std::vector<pid_t>& roots, bool with_memory);

// Watches the memory of processes from a thread of its own until it is destroyed.
class MemoryWatch {
 public:
  explicit MemoryWatch(std::vector<pid_t> roots);
  ~MemoryWatch();

  std::int64_t peak_bytes() const { return peak_; }

 private:
  const std::vector<pid_t> roots_;
  std::atomic<std::int64_t> peak_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace countersign::bench
