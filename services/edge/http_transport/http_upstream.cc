#include "services/edge/http_transport/http_upstream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/pending_reply.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/fields.h"
#include "services/edge/call/admission/admitted_request.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/large_work.h"
#include "services/edge/http_transport/http_caller_connection.h"

namespace countersign::edge::http_transport {
namespace {

class HttpUpstreamResponse final : public call::UpstreamResponse {
 public:
  explicit HttpUpstreamResponse(std::unique_ptr<http::ClientResponse> response)
      : response_(std::move(response)),
        headers_(response_->head().headers.begin(), response_->head().headers.end()) {}

  int status() const override { return response_->head().status; }
  const dialects::HeaderList& headers() const override { return headers_; }
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(
      async::Cancellation& cancellation) override {
    return response_->Read(cancellation);
  }

  dialects::HeaderList trailers() const override {
    const http::Headers& trailers = response_->trailers();
    return dialects::HeaderList(trailers.begin(), trailers.end());
  }

  std::unique_ptr<http::ClientResponse> Release() { return std::move(response_); }

 private:
  std::unique_ptr<http::ClientResponse> response_;
  const dialects::HeaderList headers_;
};

// The response of an exchange whose request is still written elsewhere.
class SharedResponse final : public http::ClientResponse {
 public:
  explicit SharedResponse(std::shared_ptr<http::ClientExchange> exchange)
      : exchange_(std::move(exchange)) {}

  const http::ResponseHead& head() const override { return exchange_->head(); }
  async::Awaitable<absl::StatusOr<std::string>> Read(async::Cancellation& cancellation) override {
    return exchange_->Read(cancellation);
  }
  const http::Headers& trailers() const override { return exchange_->trailers(); }

 private:
  const std::shared_ptr<http::ClientExchange> exchange_;
};

// The request without the credential.
http::Request MakeRequest(const call::admission::PreparedRequest& prepared) {
  const call::admission::OutgoingHead& head = prepared.head();
  http::Request request;
  request.head.method = head.method;
  request.head.target = head.target;
  request.head.headers = ToHttp(head.headers);
  request.body = prepared.body();
  return request;
}

// The head of `request`, as the binding hash covers it.
call::admission::OutgoingHead WrittenHead(const http::Request& request) {
  return {request.head.method, request.head.target,
          dialects::HeaderList(request.head.headers.begin(), request.head.headers.end())};
}

absl::StatusOr<http::Target> MakeConnectTarget(const domain::Connection& connection,
                                               const domain::CredentialLease& lease, bool rpc) {
  CS_ASSIGN_OR_RETURN(http::Url url, http::ParseUpstreamUrl(connection.url));
  http::Target target;
  target.origin = std::move(url.origin);
  target.allow_private = connection.network_private;
  target.client_certificate_pem = lease.client_certificate_pem;
  target.client_key_pem = lease.client_key_pem;
  if (rpc) target.version = http::Version::kHttp2;
  return target;
}

}  // namespace

absl::StatusOr<std::string> HttpUpstream::MakeTarget(const domain::Connection& connection,
                                                     absl::string_view path) const {
  CS_ASSIGN_OR_RETURN(const http::Url url, http::ParseUpstreamUrl(connection.url));
  std::string target = absl::StrCat(url.path, path);
  if (!url.query.empty()) {
    absl::StrAppend(&target, absl::StrContains(path, '?') ? "&" : "?", url.query);
  }
  return target;
}

async::Awaitable<absl::StatusOr<std::shared_ptr<http::Request>>> HttpUpstream::MakeBound(
    const call::admission::PreparedRequest& prepared, async::Cancellation& cancellation) {
  const auto request = std::make_shared<http::Request>(MakeRequest(prepared));
  domain::BoundRequest bound = prepared.Bind(WrittenHead(*request));
  const absl::Status checked =
      co_await CheckBinding(request, std::move(bound), prepared.binding_hash(), cancellation);
  if (!checked.ok()) co_return checked;
  co_return request;
}

async::Awaitable<absl::StatusOr<HttpUpstream::Outgoing>> HttpUpstream::MakeOutgoing(
    const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) {
  const call::admission::PreparedRequest& prepared = admitted.request();
  absl::StatusOr<std::shared_ptr<http::Request>> request =
      co_await MakeBound(prepared, cancellation);
  if (!request.ok()) co_return request.status();
  http::Headers& headers = (*request)->head.headers;
  for (const domain::CredentialHeader& header : admitted.lease().credential().headers) {
    headers.Set(header.name, header.value.Reveal());
  }
  if (prepared.rpc() && admitted.time_left() < absl::InfiniteDuration()) {
    const absl::Duration left = std::max(admitted.time_left(), absl::ZeroDuration());
    headers.Set("grpc-timeout", grpc_wire::FormatTimeout(left));
  }
  absl::StatusOr<http::Target> target =
      MakeConnectTarget(prepared.connection(), admitted.lease().credential(), prepared.rpc());
  if (!target.ok()) co_return target.status();
  co_return Outgoing{*std::move(request), *std::move(target)};
}

async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> HttpUpstream::Send(
    const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) {
  const absl::StatusOr<Outgoing> outgoing = co_await MakeOutgoing(admitted, cancellation);
  if (!outgoing.ok()) co_return outgoing.status();
  absl::StatusOr<std::unique_ptr<http::ClientResponse>> response =
      co_await client_.Send(outgoing->target, *outgoing->request, cancellation);
  if (!response.ok()) co_return response.status();
  co_return std::make_unique<HttpUpstreamResponse>(*std::move(response));
}

// The request is written by this object, the response read by another one.
class HttpUpstream::Stream final : public call::UpstreamStream {
 public:
  Stream(HttpUpstream& upstream, std::shared_ptr<http::ClientExchange> exchange)
      : upstream_(upstream), exchange_(std::move(exchange)) {}

  async::Awaitable<absl::Status> Write(const call::admission::AdmittedRequest& next,
                                       async::Cancellation& cancellation) override {
    const absl::StatusOr<std::shared_ptr<http::Request>> request =
        co_await upstream_.MakeBound(next.request(), cancellation);
    if (!request.ok()) co_return request.status();
    co_return co_await exchange_->Write((*request)->body, cancellation);
  }

  async::Awaitable<absl::Status> Finish(async::Cancellation& cancellation) override {
    co_return co_await exchange_->Finish(http::Headers(), cancellation);
  }

  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> ReadHead(
      async::Cancellation& cancellation) override {
    const absl::Status status = co_await exchange_->ReadHead(cancellation);
    if (!status.ok()) co_return status;
    co_return std::make_unique<HttpUpstreamResponse>(std::make_unique<SharedResponse>(exchange_));
  }

 private:
  HttpUpstream& upstream_;
  const std::shared_ptr<http::ClientExchange> exchange_;
};

async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamStream>>> HttpUpstream::OpenStream(
    const call::admission::AdmittedRequest& first, async::Cancellation& cancellation) {
  const absl::StatusOr<Outgoing> outgoing = co_await MakeOutgoing(first, cancellation);
  if (!outgoing.ok()) co_return outgoing.status();
  const http::OutgoingHead head{outgoing->request->head, std::nullopt};
  absl::StatusOr<std::unique_ptr<http::ClientExchange>> opened =
      co_await client_.Open(outgoing->target, head, cancellation);
  if (!opened.ok()) co_return opened.status();
  const std::shared_ptr<http::ClientExchange> exchange = *std::move(opened);
  const absl::Status written = co_await exchange->Write(outgoing->request->body, cancellation);
  // The upstream may answer without reading the request.
  if (!written.ok() && cancellation.cancelled()) co_return written;
  co_return std::make_unique<Stream>(*this, exchange);
}

async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> HttpUpstream::Ask(
    const call::Question& question, async::Cancellation& cancellation) {
  absl::StatusOr<std::string> path = MakeTarget(question.connection, question.path);
  if (!path.ok()) co_return path.status();
  const absl::StatusOr<http::Target> target =
      MakeConnectTarget(question.connection, question.lease, true);
  if (!target.ok()) co_return target.status();
  http::Request request;
  request.head.method = "POST";
  request.head.target = *std::move(path);
  request.head.headers = ToHttp(call::headers::RpcHeaders({}));
  for (const domain::CredentialHeader& header : question.lease.headers) {
    request.head.headers.Set(header.name, header.value.Reveal());
  }
  request.body = question.frames;
  absl::StatusOr<std::unique_ptr<http::ClientResponse>> response =
      co_await client_.Send(*target, request, cancellation);
  if (!response.ok()) co_return response.status();
  co_return std::make_unique<HttpUpstreamResponse>(*std::move(response));
}

async::Awaitable<absl::Status> HttpUpstream::CheckBinding(
    std::shared_ptr<const http::Request> request, domain::BoundRequest bound, std::string hash,
    async::Cancellation& cancellation) {
  const std::size_t size = request->body.size();
  const auto check = [request = std::move(request), bound = std::move(bound),
                      hash = std::move(hash)]() -> absl::Status {
    domain::BoundRequest sent = bound;
    sent.body = request->body;
    if (domain::BindingHash(sent) == hash) return absl::OkStatus();
    return absl::InternalError("the bytes to send are not the bytes that were admitted");
  };
  if (size <= call::kMostInlineBytes) co_return check();
  async::PendingReply<absl::Status> reply(executor_);
  // A grant may have been used for this call: a full pool does not end it.
  const bool accepted = pool_.TrySubmit([check, done = reply.done()]() mutable { done(check()); });
  if (!accepted) co_return check();
  co_return co_await reply.Get(cancellation);
}

void HttpUpstream::Recycle(std::unique_ptr<call::UpstreamResponse> response) {
  // All responses were made by Send.
  client_.DrainAndRecycle(static_cast<HttpUpstreamResponse&>(*response).Release());
}

absl::Status CheckConnection(const domain::Connection& connection) {
  return http::ParseUpstreamUrl(connection.url).status();
}

}  // namespace countersign::edge::http_transport
