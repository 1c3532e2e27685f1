#include "services/edge/ext_proc/proxy_upstream.h"

#include "absl/strings/str_cat.h"
#include "services/edge/call/admission/admitted_request.h"
#include "services/edge/call/large_work.h"

namespace countersign::edge::ext_proc {
namespace {

class ProxiedResponse final : public call::UpstreamResponse {
 public:
  ProxiedResponse(ProxiedExchange& exchange, call::ReplyHead head)
      : exchange_(exchange), head_(std::move(head)) {}

  int status() const override { return head_.status; }
  const dialects::HeaderList& headers() const override { return head_.headers; }
  // The stream has the call's own cancellation.
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(
      async::Cancellation& /*cancellation*/) override {
    return exchange_.ReadResponsePiece();
  }

 private:
  ProxiedExchange& exchange_;
  const call::ReplyHead head_;
};

// Whether the admitted hash is that of `head` with the body that is given to the proxy.
async::Awaitable<absl::Status> CheckBinding(const call::CallContext& rpc,
                                            const call::admission::PreparedRequest& prepared,
                                            const call::admission::OutgoingHead& head) {
  const auto hash = [bound = prepared.Bind(head),
                     body = prepared.body()]() -> absl::StatusOr<std::string> {
    domain::BoundRequest sent = bound;
    sent.body = body;
    return domain::BindingHash(sent);
  };
  absl::StatusOr<std::string> sent = co_await call::RunLargeWork(rpc, prepared.body().size(), hash);
  // A grant may have been used for this call: too much work elsewhere does not end it.
  if (absl::IsResourceExhausted(sent.status())) sent = hash();
  if (!sent.ok()) co_return sent.status();
  if (*sent == prepared.binding_hash()) co_return absl::OkStatus();
  co_return absl::InternalError("the bytes to send are not the bytes that were admitted");
}

}  // namespace

absl::StatusOr<std::string> ProxyUpstream::MakeTarget(const domain::Connection& connection,
                                                      absl::string_view path) const {
  return rpc_.upstream.MakeTarget(connection, path);
}

async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> ProxyUpstream::Send(
    const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) {
  const call::admission::PreparedRequest& prepared = admitted.request();
  const std::string& connection = prepared.connection().name;
  if (!domain::HasRole(proxy_, domain::Role::kProxy, connection)) {
    co_return absl::PermissionDeniedError(
        absl::StrCat("the proxy may not send for the connection ", connection));
  }
  call::admission::OutgoingHead head = prepared.head();
  head.method = method_;
  const absl::Status bound = co_await CheckBinding(rpc_, prepared, head);
  if (!bound.ok()) co_return bound;
  if (cancellation.cancelled()) co_return cancellation.cause();
  const absl::Status sent = co_await exchange_.Forward(head.target, head.headers, prepared.body());
  if (!sent.ok()) co_return sent;
  absl::StatusOr<call::ReplyHead> response = co_await exchange_.ReadResponseHead();
  if (!response.ok()) co_return response.status();
  co_return std::make_unique<ProxiedResponse>(exchange_, *std::move(response));
}

}  // namespace countersign::edge::ext_proc
