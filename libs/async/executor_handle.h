#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "libs/async/executor.h"

namespace countersign::async {

// Posts work from any thread to the executor of a call. Work is dropped when the executor no longer
// exists. Cheap to copy, thread-safe.
class ExecutorHandle {
 public:
  explicit ExecutorHandle(Executor executor);

  // Runs `work` later on the executor.
  void Run(absl::AnyInvocable<void()> work) const;

 private:
  std::shared_ptr<EventLoop::Gate> gate_;
};

}  // namespace countersign::async
