#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/edge/grpc_calls/rpc_backend.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::edge::grpc_calls {

// An RpcBackend over the channels to the services. Messages of protobuf's form are passed on as
// they are, in both directions, and those of callers checked first; those of JSON are translated by
// the method's descriptor.
class GrpcRpcBackend final : public RpcBackend {
 public:
  // Channels by the <service> in the path, as ConnectGateway's.
  using Channels = std::map<std::string, std::shared_ptr<grpc::Channel>>;
  explicit GrpcRpcBackend(Channels channels);
  // Cancels outstanding calls and waits for them.
  ~GrpcRpcBackend() override;

  absl::StatusOr<RpcMethod> Find(absl::string_view path,
                                 const domain::Principal& principal) const override;
  std::unique_ptr<RpcAnswer> Start(RpcRequest request) override;
  const std::vector<std::string>& services() const override;
  absl::StatusOr<std::string> Reflect(absl::string_view request) const override;
  const inference::Codec* inference() const override;
  const ext_proc::Codec* ext_proc() const override;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace countersign::edge::grpc_calls
