#pragma once

#include <memory>
#include <string>
#include <utility>

#include "libs/domain/principal.h"
#include "services/edge/call/call_context.h"
#include "services/edge/call/upstream.h"
#include "services/edge/ext_proc/proxied_exchange.h"

namespace countersign::edge::ext_proc {

// An Upstream that the proxy reaches: an admitted request is what the proxy sends on, and the
// response is what it receives. The proxy's route decides where that is, and the proxy has the
// credential: the leased one is not given to it. For one call.
class ProxyUpstream final : public call::Upstream {
 public:
  // `proxy` is who holds the request, `method` its method.
  ProxyUpstream(const call::CallContext& rpc, ProxiedExchange& exchange,
                const domain::Principal& proxy, std::string method)
      : rpc_(rpc), exchange_(exchange), proxy_(proxy), method_(std::move(method)) {}

  absl::StatusOr<std::string> MakeTarget(const domain::Connection& connection,
                                         absl::string_view path) const override;
  // PERMISSION_DENIED also when the proxy does not have its role on the connection.
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> Send(
      const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) override;
  void Recycle(std::unique_ptr<call::UpstreamResponse> /*response*/) override {}

 private:
  const call::CallContext& rpc_;
  ProxiedExchange& exchange_;
  const domain::Principal& proxy_;
  const std::string method_;
};

}  // namespace countersign::edge::ext_proc
