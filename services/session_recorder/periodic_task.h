#pragma once

#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace countersign::session_recorder {

// Runs `work` at once and then every `period`, on its own thread, until destroyed. Logs when
// failures begin and when they end, and keeps trying.
class PeriodicTask {
 public:
  PeriodicTask(std::string name, absl::Duration period, std::function<absl::Status()> work);
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void Run();
  void Once();

  const std::string name_;
  const absl::Duration period_;
  const std::function<absl::Status()> work_;
  bool failing_ = false;  // used by the thread only
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ CS_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it starts in the constructor
};

}  // namespace countersign::session_recorder
