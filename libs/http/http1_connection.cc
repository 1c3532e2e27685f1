#include "libs/http/http1_connection.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/spawn.h"

namespace countersign::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t kHeadRead = 4u << 10;
constexpr std::size_t kBodyRead = 64u << 10;
constexpr std::size_t kWatchRead = 256;
constexpr absl::Duration kWatchEvery = absl::Milliseconds(200);
constexpr absl::Duration kWatchSoon = absl::Milliseconds(1);  // doubles each time

// Limits for a chunked body: an incomplete chunk line or trailer, and all bytes that are not data.
constexpr std::size_t kMaxUnparsed = 8u << 10;
constexpr std::uint64_t kMaxFraming = 64u << 10;
constexpr std::uint64_t kMaxFramingPerByte = 8;

constexpr std::size_t kShrinkAbove = 1u << 10;  // larger buffers are freed while nobody reads

absl::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }
absl::string_view View(const boost::beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

}  // namespace

Http1Connection::Http1Connection(Stream::Socket socket, IoLoop& loop,
                                 std::shared_ptr<const Http1Shared> shared)
    : stream_(std::move(socket), loop),
      shared_(std::move(shared)),
      client_address_(stream_.PeerAddress()),
      source_(stream_.PeerSource()),
      buffer_(shared_->options.max_head_bytes + kBodyRead),
      watch_done_(loop),
      handler_done_(loop) {}

Awaitable<void> Http1Connection::Run(security::TlsContext tls,
                                     std::unique_ptr<limits::ConnectionTable::Place> place) {
  place_ = std::move(place);
  co_await ServeRequests(std::move(tls));
  stream_.Close();
  place_.reset();  // the coroutine of Watch may live longer
}

Awaitable<void> Http1Connection::ServeRequests(security::TlsContext tls) {
  if (tls != nullptr) {
    const absl::Status accepted =
        co_await stream_.AcceptTls(tls, shared_->options.first_byte_timeout);
    if (!accepted.ok()) co_return;
  }
  while (!finish_soon_ && co_await AwaitRequest()) {
    if (!co_await ReadHead()) break;
    if (!place_->BeginRequest()) break;
    co_await RunHandler();
    place_->EndRequest();
    if (phase_ != Phase::kDone || gone_) break;
    if (!keep_alive_ || !body_read_) {
      co_await Linger();
      break;
    }
  }
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
  if (*count == 0) {
    input_ended_ = true;
    co_return absl::CancelledError("the caller left");
  }
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
  if (input_ended_) co_return false;
  const absl::Duration timeout =
      exchanges_ == 0 ? shared_->options.first_byte_timeout : shared_->options.idle_timeout;
  const absl::Status filled = co_await FillBuffer(timeout);
  co_return filled.ok();
}

void Http1Connection::PrepareForHead() {
  head_ = RequestHead();
  cancellation_ = std::make_unique<async::Cancellation>();
  phase_ = Phase::kWaiting;
  body_read_ = false;
  keep_alive_ = false;
  half_closed_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_->options.max_head_bytes));
  parser_->body_limit(boost::none);  // set later by ReadBody
  // Skips an empty line before a request (RFC 9112, section 2.2).
  if (absl::StartsWith(View(buffer_), "\r\n")) buffer_.consume(2);
}

int Http1Connection::ParseHead(limits::HeadScanner& scanner, std::size_t& scanned) {
  const limits::HeadScanner::Result result = scanner.Scan(View(buffer_).substr(scanned));
  if (result == limits::HeadScanner::Result::kTooLarge) return 431;
  if (result == limits::HeadScanner::Result::kMalformed) return 400;
  boost::system::error_code error;
  buffer_.consume(parser_->put(buffer_.data(), error));
  scanned = buffer_.size();
  if (parser_->is_header_done()) return 0;
  if (error == beast_http::error::header_limit) return 431;
  return error && error != beast_http::error::need_more ? 400 : 0;
}

Awaitable<bool> Http1Connection::ReadHead() {
  PrepareForHead();
  limits::HeadScanner scanner(shared_->options.max_head_bytes, shared_->options.max_head_fields);
  std::size_t scanned = 0;  // scanned bytes of the buffer
  const async::TimePoint deadline = executor().After(shared_->options.head_timeout);
  while (true) {
    const int refused = ParseHead(scanner, scanned);
    if (refused != 0) {
      co_await Refuse(refused);
      co_return false;
    }
    if (parser_->is_header_done()) break;
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
  // Ambiguous framing enables request smuggling. HTTP/1.0 has no chunks, so one parser would read
  // them as the body and another as the next request (RFC 9112, section 6.1). A transfer coding
  // hides the body's content.
  const std::size_t codings = head_.headers.Count("transfer-encoding");
  if (codings > 0 &&
      (http10_ || codings > 1 || head_.headers.Count("content-length") > 0 || !parser_->chunked() ||
       !absl::EqualsIgnoreCase(head_.headers.Get("transfer-encoding"), "chunked"))) {
    return false;
  }
  if (!TakeTarget()) return false;
  body_read_ = parser_->is_done();
  return true;
}

// Sets the target in origin form. An absolute target also sets the host, instead of the Host field
// (RFC 9112, section 3.2.2).
bool Http1Connection::TakeTarget() {
  if (absl::StrContains(head_.target, '#')) return false;
  if (absl::StartsWith(head_.target, "/")) return true;
  absl::string_view rest = head_.target;
  const std::size_t scheme = std::min(rest.find("://"), rest.size());
  if (!absl::EqualsIgnoreCase(rest.substr(0, scheme), "http") &&
      !absl::EqualsIgnoreCase(rest.substr(0, scheme), "https")) {
    return false;
  }
  if (scheme == rest.size()) return false;
  rest.remove_prefix(scheme + 3);
  const absl::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.empty() || absl::StrContains(authority, '@')) return false;
  head_.headers.Set("host", authority);
  rest.remove_prefix(authority.size());
  head_.target = absl::StrCat(absl::StartsWith(rest, "/") ? "" : "/", rest);
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

Awaitable<absl::StatusOr<std::string>> Http1Connection::ReadBody(std::size_t max_bytes) {
  const std::uint64_t limit = std::min(max_bytes, shared_->options.max_body_bytes);
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
  std::uint64_t read = buffer_.size();
  while (!parser_->is_done()) {
    boost::system::error_code error;
    if (buffer_.size() > 0) buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == beast_http::error::body_limit) co_return too_large;
    if (error && error != beast_http::error::need_more) {
      co_return absl::InvalidArgumentError(error.message());
    }
    if (parser_->is_done()) break;
    if (buffer_.size() > 0 && !error) continue;
    const std::uint64_t framing =
        read - std::min<std::uint64_t>(read, parser_->get().body().size());
    if (buffer_.size() > kMaxUnparsed ||
        framing > kMaxFraming + kMaxFramingPerByte * parser_->get().body().size()) {
      co_return absl::InvalidArgumentError("the body's chunk framing is too large");
    }
    const absl::Duration left = absl::FromChrono(deadline - executor().Now());
    const std::size_t unparsed = buffer_.size();
    const absl::Status filled =
        co_await FillBuffer(std::clamp(left, absl::ZeroDuration(), shared_->options.body_timeout));
    if (!filled.ok()) {
      gone_ = true;
      co_return filled;
    }
    read += buffer_.size() - unparsed;
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

// The caller has closed its sending direction: either it waits for the response, or it is gone. An
// interim response distinguishes the two: a waiting caller ignores it, and the kernel of a closed
// one answers with a reset, which Watch detects. Returns false if the caller counts as gone.
bool Http1Connection::ContinueHalfClosed() {
  if (half_closed_ || http10_ || phase_ != Phase::kWaiting || stream_.IsBroken()) return false;
  half_closed_ = stream_.SendNow("HTTP/1.1 102 Processing\r\n\r\n");
  return half_closed_;
}

Awaitable<void> Http1Connection::Watch(std::shared_ptr<Http1Connection> self,
                                       std::uint64_t exchange) {
  Http1Connection& connection = *self;
  if (connection.watching_) {
    const auto space = connection.buffer_.prepare(kWatchRead);
    const absl::StatusOr<std::size_t> count = co_await connection.stream_.ReadSome(
        static_cast<char*>(space.data()), space.size(), absl::InfiniteDuration());
    connection.watching_ = false;
    connection.input_ended_ = count.ok() && *count == 0;
    if (count.ok() && *count > 0) {
      connection.buffer_.commit(*count);
    } else if (!connection.input_ended_ || !connection.ContinueHalfClosed()) {
      connection.CallerLeft();
    }
    connection.watch_done_.Notify();
  }
  absl::Duration pause = connection.half_closed_ ? kWatchSoon : kWatchEvery;
  while (connection.handling_ && exchange == connection.exchanges_ && !connection.gone_) {
    const bool ended =
        connection.half_closed_ ? connection.stream_.IsBroken() : connection.stream_.PeerLeft();
    if (ended) {
      if (!connection.ContinueHalfClosed()) co_return connection.CallerLeft();
      pause = kWatchSoon;
    }
    co_await connection.handler_done_.WaitFor(pause);
    pause = std::min(2 * pause, kWatchEvery);
  }
}

}  // namespace countersign::http
