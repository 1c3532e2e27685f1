#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace countersign::standalone {

// Does `work` every `period` on a thread of its own, until it is destroyed. A failure is logged
// when it begins and when it is over, and does not stop the rest.
class Upkeep {
 public:
  Upkeep(std::string name, absl::Duration period, std::function<absl::Status()> work);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

 private:
  void Run();

  const std::string name_;
  const absl::Duration period_;
  const std::function<absl::Status()> work_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // last: it starts in the constructor
};

}  // namespace countersign::standalone
