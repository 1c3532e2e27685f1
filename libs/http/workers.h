#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "libs/async/executor.h"

namespace countersign::http {

class IoLoop;

// A fixed number of network threads with one event loop each. All objects of a connection are used
// on one thread and need no locks. Work on them must not block.
class Workers {
 public:
  explicit Workers(std::size_t threads);
  ~Workers();  // Stops and joins; drops waiting work.
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::size_t size() const { return workers_.size(); }
  IoLoop& at(std::size_t index);
  IoLoop& Next();  // round robin; thread-safe
  async::Executor executor(std::size_t index);

  void Stop();  // Returns when all threads have ended. Idempotent.

 private:
  struct Worker;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace countersign::http
