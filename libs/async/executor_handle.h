#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "absl/functional/any_invocable.h"

namespace countersign::async {

// The way back from any thread to the executor of a call. Answers may come when the call, and even
// its network thread, is gone: then they are dropped. Cheap to copy, thread-safe.
class ExecutorHandle {
 public:
  // REQUIRES: `executor` is an io_context's.
  explicit ExecutorHandle(boost::asio::any_io_executor executor);

  // Runs `work` on the executor, soon.
  void Run(absl::AnyInvocable<void()> work) const;

 private:
  struct Gate;
  class GateService;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<Gate> gate_;
};

}  // namespace countersign::async
