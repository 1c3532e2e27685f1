#include "libs/http/client.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/async/spawn.h"
#include "libs/base/status.h"
#include "libs/http/http1/client_exchange.h"
#include "libs/http/http2/client_stream.h"
#include "libs/http/upstream/connection_pool.h"

namespace countersign::http {
namespace {

// Limits for reading the rest of a response that is no longer needed.
constexpr absl::Duration kDrainTime = absl::Seconds(1);
constexpr std::size_t kDrainBytes = 64u << 10;

// How often a request is sent to an upstream that says that it does not begin it.
constexpr int kMaxAttempts = 3;

absl::Status CheckRequest(const RequestHead& head) {
  const auto plain = [](absl::string_view text) {
    return IsFieldValue(text) && !absl::StrContains(text, ' ') && !text.empty();
  };
  if (!plain(head.method) || !plain(head.target)) {
    return absl::InvalidArgumentError("the request line cannot be sent");
  }
  for (const auto& [name, value] : head.headers) {
    if (!plain(name) || absl::StrContains(name, ':') || !IsFieldValue(value)) {
      return absl::InvalidArgumentError("a header field cannot be sent");
    }
  }
  return absl::OkStatus();
}

Awaitable<void> Drain(IoLoop& loop, std::unique_ptr<ClientResponse> response) {
  async::Cancellation cancellation;
  const async::Deadline deadline(
      loop, kDrainTime, cancellation,
      absl::DeadlineExceededError("the rest of the response did not arrive in time"));
  std::size_t rest = 0;
  while (rest < kDrainBytes) {
    const absl::StatusOr<std::string> piece = co_await response->Read(cancellation);
    if (!piece.ok() || piece->empty()) break;
    rest += piece->size();
  }
}

// Sends the body and reads the response's head. An upstream may answer without reading all of the
// body; its response says why.
Awaitable<absl::Status> SendBody(ClientExchange& exchange, absl::string_view body,
                                 async::Cancellation& cancellation) {
  absl::Status sent;
  if (!body.empty()) sent = co_await exchange.Write(body, cancellation);
  if (sent.ok()) sent = co_await exchange.Finish(Headers(), cancellation);
  absl::Status status = co_await exchange.ReadHead(cancellation);
  if (!status.ok() && !sent.ok() && !cancellation.cancelled()) status = sent;
  co_return status;
}

}  // namespace

struct Client::State {
  State(IoLoop& event_loop, ClientOptions client_options)
      : loop(event_loop),
        options(std::make_shared<const ClientOptions>(std::move(client_options))),
        pool(std::make_shared<upstream::ConnectionPool>(loop, options)) {}
  IoLoop& loop;
  const std::shared_ptr<const ClientOptions> options;
  const std::shared_ptr<upstream::ConnectionPool> pool;

  // The exchange on a connection of the pool; null when the connection takes no more requests.
  std::unique_ptr<ClientExchange> Begin(upstream::ConnectionPool::Found found, const Target& target,
                                        const std::string& key, const OutgoingHead& head) {
    if (found.http2 != nullptr) {
      auto stream = std::make_unique<http2::ClientStream>(found.http2);
      if (stream->Begin(target.origin, head)) return stream;
      pool->Forget(key, *found.http2);
      return nullptr;
    }
    auto exchange = std::make_unique<http1::ClientExchange>(
        std::move(found.http1), found.kept, options,
        [pool = pool, key, tls = target.origin.tls](std::unique_ptr<Stream> stream) {
          pool->Keep(key, tls, std::move(stream));
        });
    exchange->Begin(target.origin, head);
    return exchange;
  }
};

Client::Client(IoLoop& loop, ClientOptions options)
    : state_(std::make_shared<State>(loop, std::move(options))) {}

Client::~Client() = default;

Awaitable<absl::StatusOr<std::unique_ptr<ClientExchange>>> Client::Open(
    const Target& target, const OutgoingHead& head, async::Cancellation& cancellation) {
  const std::shared_ptr<State> state = state_;
  const absl::Status status = CheckRequest(head.head);
  if (!status.ok()) co_return status;
  const std::string key = upstream::ConnectionPool::MakeKey(target);
  std::unique_ptr<ClientExchange> exchange;
  while (exchange == nullptr) {
    absl::StatusOr<upstream::ConnectionPool::Found> found =
        co_await state->pool->Get(target, key, cancellation);
    if (cancellation.cancelled()) co_return cancellation.cause();
    if (!found.ok()) co_return WithReason(found.status(), kUnreachable);
    exchange = state->Begin(*std::move(found), target, key, head);
  }
  co_return exchange;
}

Awaitable<absl::StatusOr<std::unique_ptr<ClientResponse>>> Client::Send(
    const Target& target, const Request& request, async::Cancellation& cancellation) {
  OutgoingHead head;
  head.head = request.head;
  head.content_length = request.body.size();
  int attempt = 1;
  while (true) {
    absl::StatusOr<std::unique_ptr<ClientExchange>> exchange =
        co_await Open(target, head, cancellation);
    if (!exchange.ok()) co_return exchange.status();
    const absl::Status status = co_await SendBody(**exchange, request.body, cancellation);
    if (status.ok()) co_return std::unique_ptr<ClientResponse>(*std::move(exchange));
    if (cancellation.cancelled()) co_return status;
    const bool stale = (*exchange)->stale() && request.head.method == "GET";
    const bool again = (*exchange)->unprocessed() && attempt++ < kMaxAttempts;
    if (!stale && !again) co_return status;
  }
}

void Client::DrainAndRecycle(std::unique_ptr<ClientResponse> response) {
  async::Spawn(state_->loop, Drain(state_->loop, std::move(response)));
}

}  // namespace countersign::http
