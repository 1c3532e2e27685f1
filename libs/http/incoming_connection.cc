#include "libs/http/incoming_connection.h"

#include "absl/strings/match.h"
#include "libs/http/http1/connection.h"
#include "libs/http/http2/connection.h"

namespace countersign::http {
namespace {

constexpr std::size_t kFirstRead = 4u << 10;
constexpr absl::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

}  // namespace

IncomingConnection::IncomingConnection(Stream::Socket socket, IoLoop& loop,
                                       std::shared_ptr<const Serving> serving)
    : stream_(std::make_unique<Stream>(std::move(socket), loop)),
      serving_(std::move(serving)),
      source_(stream_->PeerSource()) {}

Awaitable<void> IncomingConnection::Run(security::TlsContext tls,
                                        std::unique_ptr<limits::ConnectionTable::Place> place) {
  const absl::Status begun = co_await Begin(std::move(tls));
  if (!begun.ok()) co_return;
  served_ = MakeServerConnection(*place);
  co_await served_->Run();
}

std::shared_ptr<ServerConnection> IncomingConnection::MakeServerConnection(
    limits::ConnectionTable::Place& place) {
  Accepted accepted{std::move(stream_), std::move(received_), place, serving_};
  if (http2_) return std::make_shared<http2::Connection>(std::move(accepted));
  return std::make_shared<http1::Connection>(std::move(accepted));
}

Awaitable<absl::Status> IncomingConnection::Begin(security::TlsContext tls) {
  if (tls == nullptr) co_return co_await ReadFirstBytes();
  const absl::Status accepted =
      co_await stream_->AcceptTls(std::move(tls), serving_->options.first_byte_timeout);
  if (!accepted.ok()) co_return accepted;
  http2_ = stream_->AlpnProtocol() == "h2";
  co_return absl::OkStatus();
}

// Reads until the bytes can only be the beginning of one version.
Awaitable<absl::Status> IncomingConnection::ReadFirstBytes() {
  const ServerOptions& options = serving_->options;
  async::TimePoint deadline = async::Executor(stream_->loop()).After(options.first_byte_timeout);
  while (absl::StartsWith(kPreface, received_)) {
    const absl::Duration left = absl::FromChrono(deadline - stream_->loop().Now());
    const std::size_t before = received_.size();
    received_.resize(before + kFirstRead);
    const absl::StatusOr<std::size_t> count =
        co_await stream_->ReadSome(received_.data() + before, kFirstRead, left);
    if (!count.ok()) co_return count.status();
    if (*count == 0) co_return absl::CancelledError("the caller left");
    received_.resize(before + *count);
    if (before == 0) deadline = async::Executor(stream_->loop()).After(options.head_timeout);
    if (absl::StartsWith(received_, kPreface)) {
      http2_ = true;
      break;
    }
  }
  co_return absl::OkStatus();
}

void IncomingConnection::FinishSoon() {
  if (served_ != nullptr) {
    served_->FinishSoon();
  } else {
    Close();
  }
}

void IncomingConnection::Cancel(absl::Status cause) {
  if (served_ != nullptr) served_->Cancel(std::move(cause));
}

void IncomingConnection::Close() {
  if (served_ != nullptr) {
    served_->Close();
  } else if (stream_ != nullptr) {
    stream_->Close();
  }
}

}  // namespace countersign::http
