#include "services/edge/ext_proc/proxy_stream.h"

#include <optional>
#include <string>
#include <utility>

namespace countersign::edge::ext_proc {
namespace {

// Bytes of messages that are read ahead. More wait in the proxy, whose sender they slow.
constexpr std::size_t kMostUnread = 256u << 10;

}  // namespace

ProxyStream::ProxyStream(const call::CallContext& rpc, const Codec& codec,
                         grpc_calls::MessageSource& source, grpc_calls::RpcReply& reply)
    : codec_(codec),
      source_(source),
      reply_(reply),
      executor_(rpc.executor),
      stream_cancelled_(rpc.cancellation,
                        [this, &rpc] { cancellation_.Cancel(rpc.cancellation.cause()); }),
      arrived_(rpc.executor),
      taken_(rpc.executor),
      reader_(rpc.executor) {
  if (rpc.cancellation.cancelled()) cancellation_.Cancel(rpc.cancellation.cause());
  reader_.Start(ReadAll());
}

async::Awaitable<absl::StatusOr<ProxyMessage>> ProxyStream::ReadOne() {
  const absl::StatusOr<std::optional<std::string>> bytes = co_await source_.Next();
  if (!bytes.ok()) co_return bytes.status();
  if (!bytes->has_value()) co_return absl::CancelledError("the proxy has closed its stream");
  co_return codec_.Read(**bytes);
}

async::Awaitable<void> ProxyStream::ReadAll() {
  while (true) {
    while (unread_bytes_ > kMostUnread) co_await taken_.WaitFor(absl::InfiniteDuration());
    absl::StatusOr<ProxyMessage> message = co_await ReadOne();
    if (!message.ok()) co_return End(message.status());
    if (message->direction == Direction::kResponse && !forwarded_) {
      gave_up_ = true;
      co_return End(absl::CancelledError("the proxy has answered the call by itself"));
    }
    unread_bytes_ += message->body.size();
    unread_.push_back(*std::move(message));
    arrived_.Notify();
  }
}

void ProxyStream::End(absl::Status status) {
  ended_ = status;
  arrived_.Notify();
  cancellation_.Cancel(std::move(status));
}

async::Awaitable<absl::StatusOr<ProxyMessage>> ProxyStream::Read(absl::Duration timeout) {
  const async::TimePoint deadline = executor_.After(timeout);
  const async::Cancellation::Watch cancelled(cancellation_, [this] { arrived_.Notify(); });
  while (unread_.empty()) {
    if (!ended_.ok()) co_return ended_;
    if (cancellation_.cancelled()) co_return cancellation_.cause();
    const absl::Duration left = absl::FromChrono(deadline - executor_.Now());
    if (left <= absl::ZeroDuration()) {
      co_return absl::DeadlineExceededError("the proxy took too long");
    }
    co_await arrived_.WaitFor(left);
  }
  ProxyMessage message = std::move(unread_.front());
  unread_.pop_front();
  unread_bytes_ -= message.body.size();
  taken_.Notify();
  co_return message;
}

async::Awaitable<absl::Status> ProxyStream::Send(ProxyReply reply) {
  co_return co_await reply_.Send(codec_.Write(reply));
}

}  // namespace countersign::edge::ext_proc
