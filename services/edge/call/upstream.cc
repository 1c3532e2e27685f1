#include "services/edge/call/upstream.h"

namespace countersign::edge::call {

async::Awaitable<absl::StatusOr<std::unique_ptr<http::ClientResponse>>> HttpUpstream::Send(
    const AdmittedRequest& admitted, async::Cancellation& cancellation) {
  const PreparedRequest& prepared = admitted.request();
  http::Request request;
  request.head = prepared.head();
  request.body = prepared.body();
  if (prepared.HashBinding(request.head, request.body) != prepared.binding_hash()) {
    co_return absl::InternalError("the bytes to send are not the bytes that were admitted");
  }
  const domain::CredentialLease& lease = admitted.lease().credential();
  for (const domain::CredentialHeader& header : lease.headers) {
    request.head.headers.Set(header.name, header.value.Reveal());
  }
  http::Target target = prepared.target();
  target.client_certificate_pem = lease.client_certificate_pem;
  target.client_key_pem = lease.client_key_pem;
  co_return co_await client_.Send(target, request, cancellation);
}

}  // namespace countersign::edge::call
