#pragma once

#include <memory>
#include <vector>

#include "libs/base/clock.h"
#include "libs/metrics/metrics.h"

namespace grpc {
class Channel;
class Server;
class Service;
}  // namespace grpc

namespace countersign::standalone {

// Admin and review services called from the same process, through a channel that has no port. Calls
// are counted as everywhere.
class InProcessServer {
 public:
  // All must outlive this object.
  InProcessServer(const std::vector<grpc::Service*>& services, metrics::Registry& registry,
                  const Clock& clock);
  ~InProcessServer();  // cancels what is outstanding, and waits for it

  std::shared_ptr<grpc::Channel> Channel();

 private:
  const Clock& clock_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace countersign::standalone
