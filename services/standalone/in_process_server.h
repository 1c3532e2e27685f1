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

namespace countersign::rpc {
class ActiveCalls;
}  // namespace countersign::rpc

namespace countersign::standalone {

// Serves the admin and review services to this process through a channel without a port. Its calls
// count in the same metrics as other calls.
class InProcessServer {
 public:
  // All arguments must outlive this object.
  InProcessServer(const std::vector<grpc::Service*>& services, metrics::Registry& registry,
                  const Clock& clock);
  // Cancels outstanding calls and waits until each has its status; ends the process when one has
  // none after 20 s.
  ~InProcessServer();

  std::shared_ptr<grpc::Channel> Channel();

 private:
  const Clock& clock_;
  const std::shared_ptr<rpc::ActiveCalls> calls_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace countersign::standalone
