#pragma once

#include <map>
#include <memory>
#include <string>

#include "services/edge/admin/admin_backend.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::edge::admin {

// Admin and review RPCs as JSON: the unary form of the Connect protocol,
// POST /countersign.<service>.v1.<Service>/<Method> with content-type application/json.
//
// A method can be reached only if its descriptor declares an access option, and only by a principal
// with the role that it names (on any connection); everything else is answered as if it did not
// exist. The owner of the method checks again. Thread-safe.
class ConnectGateway final : public AdminBackend {
 public:
  // By the <service> in the path: "authn", "policy", "approval", "recorder". Channels with mutual
  // TLS, or in-process ones in standalone.
  using Channels = std::map<std::string, std::shared_ptr<grpc::Channel>>;
  explicit ConnectGateway(Channels channels);
  ~ConnectGateway() override;

  // Always a reply. Destroying the gateway cancels what is outstanding and waits for it.
  void Forward(AdminRequest request, domain::Done<AdminReply> done) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::edge::admin
