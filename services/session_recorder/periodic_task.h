#pragma once

#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace countersign::session_recorder {

// Does `work` every `period`, the first time at once, on a thread of its own until it is destroyed.
// A failure is logged when it begins and when it is over; the work goes on being tried.
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
  bool failing_ = false;  // the thread's own
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ CS_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it starts in the constructor
};

}  // namespace countersign::session_recorder
