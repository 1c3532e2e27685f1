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

// The CPU time and memory of processes and all their descendants, from /proc.
struct ProcessUse {
  std::int64_t cpu_us = 0;        // user and system, of dead children too; in steps of 10 ms
  std::int64_t memory_bytes = 0;  // proportional set size: shared pages count once
  int processes = 0;
};

// Reads memory only if `with_memory`, because that takes milliseconds.
ProcessUse MeasureUse(const std::vector<pid_t>& roots, bool with_memory);

// Samples the memory of processes on its own thread until destroyed.
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
