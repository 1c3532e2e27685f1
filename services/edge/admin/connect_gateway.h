#pragma once

#include <map>
#include <memory>
#include <string>

#include "services/edge/admin/admin_backend.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::edge::admin {

// Admin and review RPCs as JSON, in the unary form of the Connect protocol: POST
// /countersign.<service>.v1.<Service>/<Method> with content-type application/json.
//
// A method can be called only if its descriptor declares an access option, and only by a principal
// with the role named there (on any connection); other methods are answered as unknown. The owning
// service checks again. Thread-safe.
class ConnectGateway final : public AdminBackend {
 public:
  // Channels by the <service> in the path: "authn", "policy", "approval", "recorder". With mutual
  // TLS, or in-process in standalone.
  using Channels = std::map<std::string, std::shared_ptr<grpc::Channel>>;
  explicit ConnectGateway(Channels channels);
  ~ConnectGateway() override;

  // Always gives a reply. Destroying the gateway cancels outstanding calls and waits for them.
  void Forward(AdminRequest request, domain::Done<AdminReply> done) override;
  absl::string_view api_document() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::edge::admin
