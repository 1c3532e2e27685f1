#include "libs/http/http1_connection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/async/spawn.h"

namespace countersign::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t kHeadRead = 4u << 10;
constexpr std::size_t kBodyRead = 64u << 10;
constexpr std::size_t kWatchRead = 2u << 10;
constexpr absl::Duration kWatchEvery = absl::Milliseconds(200);
constexpr std::size_t kShrinkAbove = 16u << 10;  // idle connections keep no more than this

absl::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Http1Connection::Http1Connection(Stream::Socket socket, IoLoop& loop,
                                 std::shared_ptr<const Http1Shared> shared)
    : stream_(std::move(socket), loop),
      shared_(std::move(shared)),
      client_address_(stream_.PeerAddress()),
      buffer_(shared_->options.max_head_bytes + kBodyRead),
      watch_done_(loop),
      handler_done_(loop) {}

Awaitable<void> Http1Connection::Run(TlsContext tls) {
  if (tls != nullptr) {
    const absl::Status accepted = co_await stream_.AcceptTls(tls, shared_->options.head_timeout);
    if (!accepted.ok()) co_return;
  }
  while (!finish_soon_ && co_await AwaitRequest()) {
    if (!co_await ReadHead()) break;
    co_await RunHandler();
    if (phase_ != Phase::kDone || gone_) break;
    if (!keep_alive_ || !body_read_) {
      co_await Linger();
      break;
    }
  }
  stream_.Close();
}

void Http1Connection::FinishSoon() {
  finish_soon_ = true;
  if (!handling_) Close();
}

void Http1Connection::Cancel(absl::Status cause) { cancellation_->Cancel(std::move(cause)); }

void Http1Connection::Close() { stream_.Close(); }

Awaitable<absl::Status> Http1Connection::FillBuffer(absl::Duration timeout) {
  const std::size_t size = parser_.has_value() && parser_->is_header_done() ? kBodyRead : kHeadRead;
  const auto space = buffer_.prepare(std::min(size, buffer_.max_size() - buffer_.size()));
  const absl::StatusOr<std::size_t> count =
      co_await stream_.ReadSome(static_cast<char*>(space.data()), space.size(), timeout);
  if (!count.ok()) co_return count.status();
  if (*count == 0) co_return absl::CancelledError("the caller left");
  buffer_.commit(*count);
  co_return absl::OkStatus();
}

Awaitable<bool> Http1Connection::AwaitRequest() {
  if (watching_) {
    co_await watch_done_.WaitFor(shared_->options.idle_timeout);
    if (watching_) {
      stream_.Close();
      co_return false;
    }
  }
  if (gone_) co_return false;
  if (buffer_.size() > 0) co_return true;
  const absl::Status filled = co_await FillBuffer(shared_->options.idle_timeout);
  co_return filled.ok();
}

Awaitable<bool> Http1Connection::ReadHead() {
  head_ = RequestHead();
  cancellation_ = std::make_unique<async::Cancellation>();
  phase_ = Phase::kWaiting;
  body_read_ = false;
  keep_alive_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_->options.max_head_bytes));
  parser_->body_limit(boost::none);  // ReadBody sets it: the head of a large request is answered
  const async::TimePoint deadline = executor().After(shared_->options.head_timeout);
  while (true) {
    boost::system::error_code error;
    buffer_.consume(parser_->put(buffer_.data(), error));
    if (parser_->is_header_done()) break;
    if (error == beast_http::error::header_limit) {
      co_await Refuse(431);
      co_return false;
    }
    if (error && error != beast_http::error::need_more) {
      co_await Refuse(400);
      co_return false;
    }
    const absl::Duration left = absl::FromChrono(deadline - executor().Now());
    if (left <= absl::ZeroDuration()) co_return false;
    const absl::Status filled = co_await FillBuffer(left);
    if (!filled.ok()) co_return false;
  }
  if (!TakeHead()) {
    co_await Refuse(400);
    co_return false;
  }
  co_return true;
}

bool Http1Connection::TakeHead() {
  const auto& message = parser_->get();
  head_.method = std::string(View(message.method_string()));
  head_.target = std::string(View(message.target()));
  for (const auto& field : message)
    head_.headers.Add(View(field.name_string()), View(field.value()));
  http10_ = message.version() < 11;
  keep_alive_ = parser_->keep_alive();
  if (message.version() != 10 && message.version() != 11) return false;
  if (!http10_ && head_.headers.Count("host") != 1) return false;
  // Two ways to tell where a body ends are how requests are smuggled. HTTP/1.0 knows no chunks: one
  // reader takes them for the body, another for the next request (RFC 9112, section 6.1).
  if (head_.headers.Count("transfer-encoding") > 0 &&
      (http10_ || head_.headers.Count("content-length") > 0 || !parser_->chunked())) {
    return false;
  }
  if (head_.target.empty() || head_.target[0] != '/') return false;
  body_read_ = parser_->is_done();
  return true;
}

Awaitable<void> Http1Connection::RunHandler() {
  handling_ = true;
  ++exchanges_;
  if (body_read_) WatchCaller();
  co_await shared_->handler(*this);
  if (phase_ == Phase::kWaiting && !gone_) co_await Refuse(500);
  handling_ = false;
  handler_done_.Notify();
}

Awaitable<absl::StatusOr<std::string>> Http1Connection::ReadBody() {
  const std::uint64_t limit = shared_->options.max_body_bytes;
  const absl::Status too_large =
      absl::ResourceExhaustedError(absl::StrCat("the body is larger than ", limit, " bytes"));
  if (parser_->content_length().value_or(0) > limit) co_return too_large;
  parser_->body_limit(limit);
  if (!body_read_ && head_.headers.HasToken("expect", "100-continue") && !http10_) {
    const absl::Status sent =
        co_await stream_.Write("HTTP/1.1 100 Continue\r\n\r\n", shared_->options.write_timeout);
    if (!sent.ok()) co_return sent;
  }
  parser_->eager(true);
  const async::TimePoint deadline = executor().After(shared_->options.body_total_timeout);
  while (!parser_->is_done()) {
    boost::system::error_code error;
    if (buffer_.size() > 0) buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == beast_http::error::body_limit) co_return too_large;
    if (error && error != beast_http::error::need_more) {
      co_return absl::InvalidArgumentError(error.message());
    }
    if (parser_->is_done()) break;
    if (buffer_.size() > 0 && !error) continue;
    const absl::Duration left = absl::FromChrono(deadline - executor().Now());
    const absl::Status filled =
        co_await FillBuffer(std::clamp(left, absl::ZeroDuration(), shared_->options.body_timeout));
    if (!filled.ok()) {
      gone_ = true;
      co_return filled;
    }
  }
  if (!body_read_) {
    body_read_ = true;
    WatchCaller();
  }
  co_return std::move(parser_->get().body());
}

void Http1Connection::WatchCaller() {
  if (watching_ || gone_) return;
  watching_ = buffer_.size() == 0;
  if (watching_ && buffer_.capacity() > kShrinkAbove) buffer_.shrink_to_fit();
  async::Spawn(executor(), Watch(shared_from_this(), exchanges_));
}

void Http1Connection::CallerLeft() {
  gone_ = true;
  cancellation_->Cancel(absl::CancelledError("the caller left"));
}

Awaitable<void> Http1Connection::Watch(std::shared_ptr<Http1Connection> self,
                                       std::uint64_t exchange) {
  Http1Connection& connection = *self;
  if (connection.watching_) {
    const auto space = connection.buffer_.prepare(kWatchRead);
    const absl::StatusOr<std::size_t> count = co_await connection.stream_.ReadSome(
        static_cast<char*>(space.data()), space.size(), absl::InfiniteDuration());
    connection.watching_ = false;
    if (count.ok() && *count > 0) {
      connection.buffer_.commit(*count);
    } else {
      connection.CallerLeft();
    }
    connection.watch_done_.Notify();
  }
  while (connection.handling_ && exchange == connection.exchanges_ && !connection.gone_) {
    if (connection.stream_.PeerLeft()) co_return connection.CallerLeft();
    co_await connection.handler_done_.WaitFor(kWatchEvery);
  }
}

}  // namespace countersign::http
