#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "libs/async/periodic_task.h"

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

  std::int64_t peak_bytes() const { return peak_; }

 private:
  const std::vector<pid_t> roots_;
  std::atomic<std::int64_t> peak_{0};
  async::PeriodicTask task_;  // last: its thread uses the above
};

}  // namespace countersign::bench
