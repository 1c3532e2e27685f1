#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "libs/async/executor.h"

namespace countersign::async {

// The way back from any thread to the executor of a call. Answers may come when the call, and even
// its network thread, is gone: then they are dropped. Cheap to copy, thread-safe.
class ExecutorHandle {
 public:
  explicit ExecutorHandle(Executor executor);

  // Runs `work` on the executor, soon.
  void Run(absl::AnyInvocable<void()> work) const;

 private:
  std::shared_ptr<EventLoop::Gate> gate_;
};

}  // namespace countersign::async
