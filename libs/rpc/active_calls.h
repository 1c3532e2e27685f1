#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/rpc/server_metrics.h"

namespace countersign::rpc {

// Counts the calls of a server that have no status yet. Thread-safe.
class ActiveCalls {
 public:
  // The interceptor that counts. This object must outlive the server's calls.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Count();

  void Begin();
  void End();

  // Whether every call has its status within `timeout`.
  bool AwaitNone(absl::Duration timeout);

 private:
  Mutex mutex_;
  CondVar changed_;
  std::size_t active_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::rpc
