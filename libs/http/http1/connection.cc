#include "libs/http/http1/connection.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/spawn.h"

namespace countersign::http::http1 {
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

Connection::Connection(Accepted accepted)
    : stream_(std::move(accepted.stream)),
      serving_(std::move(accepted.serving)),
      client_address_(stream_->PeerAddress()),
      place_(accepted.place),
      buffer_(serving_->options.max_head_bytes + kBodyRead),
      watch_done_(stream_->loop()),
      handler_done_(stream_->loop()) {
  const auto space = buffer_.prepare(accepted.received.size());
  accepted.received.copy(static_cast<char*>(space.data()), space.size());
  buffer_.commit(accepted.received.size());
}

Awaitable<void> Connection::Run() {
  // GCC 12 miscompiles coroutines whose first await is in the condition of a loop.
  while (!finish_soon_) {
    const bool requested = co_await AwaitRequest();
    if (!requested) break;
    const bool acceptable = co_await ReadHead();
    if (!acceptable || !place_.BeginRequest()) break;
    co_await RunHandler();
    place_.EndRequest();
    if (phase_ != Phase::kDone || gone_) break;
    if (!keep_alive_ || !body_read_) {
      co_await Linger();
      break;
    }
  }
  stream_->Close();
}

void Connection::FinishSoon() {
  finish_soon_ = true;
  if (!handling_) Close();
}

void Connection::Cancel(absl::Status cause) { cancellation_->Cancel(std::move(cause)); }

void Connection::Close() { stream_->Close(); }

Awaitable<absl::Status> Connection::FillBuffer(absl::Duration timeout) {
  const std::size_t size = parser_.has_value() && parser_->is_header_done() ? kBodyRead : kHeadRead;
  const auto space = buffer_.prepare(std::min(size, buffer_.max_size() - buffer_.size()));
  const absl::StatusOr<std::size_t> count =
      co_await stream_->ReadSome(static_cast<char*>(space.data()), space.size(), timeout);
  if (!count.ok()) co_return count.status();
  if (*count == 0) {
    input_ended_ = true;
    co_return absl::CancelledError("the caller left");
  }
  buffer_.commit(*count);
  co_return absl::OkStatus();
}

Awaitable<bool> Connection::AwaitRequest() {
  if (watching_) {
    co_await watch_done_.WaitFor(serving_->options.idle_timeout);
    if (watching_) {
      stream_->Close();
      co_return false;
    }
  }
  if (gone_) co_return false;
  if (buffer_.size() > 0) co_return true;
  if (input_ended_) co_return false;
  const absl::Duration timeout =
      exchanges_ == 0 ? serving_->options.first_byte_timeout : serving_->options.idle_timeout;
  const absl::Status filled = co_await FillBuffer(timeout);
  co_return filled.ok();
}

void Connection::PrepareForHead() {
  head_ = RequestHead();
  cancellation_ = std::make_unique<async::Cancellation>();
  phase_ = Phase::kWaiting;
  body_received_ = body_returned_ = 0;
  body_read_ = false;
  piecewise_ = false;
  keep_alive_ = false;
  half_closed_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(serving_->options.max_head_bytes));
  parser_->body_limit(boost::none);  // set later by ReadBody
}

bool Connection::SkipEmptyLines() {
  if (parser_->got_some()) return false;
  while (absl::StartsWith(View(buffer_), "\r\n")) buffer_.consume(2);
  return absl::StartsWith("\r", View(buffer_));
}

int Connection::ParseHead(HeadScanner& scanner, std::size_t& scanned) {
  const HeadScanner::Result result = scanner.Scan(View(buffer_).substr(scanned));
  if (result == HeadScanner::Result::kTooLarge) return 431;
  if (result == HeadScanner::Result::kMalformed) return 400;
  boost::system::error_code error;
  if (!SkipEmptyLines()) buffer_.consume(parser_->put(buffer_.data(), error));
  scanned = buffer_.size();
  if (parser_->is_header_done()) return 0;
  if (error == beast_http::error::header_limit) return 431;
  return error && error != beast_http::error::need_more ? 400 : 0;
}

Awaitable<bool> Connection::ReadHead() {
  PrepareForHead();
  HeadScanner scanner(serving_->options.max_head_bytes, serving_->options.max_head_fields);
  std::size_t scanned = 0;  // scanned bytes of the buffer
  const async::TimePoint deadline = executor().After(serving_->options.head_timeout);
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

bool Connection::TakeHead() {
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
  parser_->get().base().clear();  // the parser would keep a second copy as long as the call runs
  body_read_ = parser_->is_done();
  return true;
}

// Sets the target in origin form. An absolute target also sets the host, instead of the Host field
// (RFC 9112, section 3.2.2).
bool Connection::TakeTarget() {
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

Awaitable<void> Connection::RunHandler() {
  handling_ = true;
  ++exchanges_;
  if (body_read_) WatchCaller();
  co_await serving_->handler(*this);
  if (phase_ == Phase::kWaiting && !gone_) co_await Refuse(500);
  handling_ = false;
  handler_done_.Notify();
}

Awaitable<absl::Status> Connection::ContinueBody() {
  parser_->eager(true);
  body_received_ = buffer_.size();
  if (body_read_ || http10_ || !head_.headers.HasToken("expect", "100-continue")) {
    co_return absl::OkStatus();
  }
  co_return co_await stream_->Write("HTTP/1.1 100 Continue\r\n\r\n",
                                    serving_->options.write_timeout);
}

absl::StatusOr<bool> Connection::ParseBody() {
  boost::system::error_code error;
  while (!parser_->is_done()) {
    if (buffer_.size() == 0 || error) return false;
    buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == beast_http::error::body_limit) return absl::ResourceExhaustedError("");
    if (error && error != beast_http::error::need_more) {
      return absl::InvalidArgumentError(error.message());
    }
  }
  return true;
}

Awaitable<absl::Status> Connection::ReadMoreBody(absl::Duration timeout) {
  const std::uint64_t data = body_returned_ + parser_->get().body().size();
  const std::uint64_t framing = body_received_ - std::min(body_received_, data);
  if (buffer_.size() > kMaxUnparsed || framing > kMaxFraming + kMaxFramingPerByte * data) {
    co_return absl::InvalidArgumentError("the body's chunk framing is too large");
  }
  const std::size_t unparsed = buffer_.size();
  const absl::Status filled = co_await FillBuffer(std::max(timeout, absl::ZeroDuration()));
  if (!filled.ok()) gone_ = true;
  body_received_ += buffer_.size() - unparsed;
  co_return filled;
}

void Connection::EndBody() {
  if (std::exchange(body_read_, true)) return;
  WatchCaller();
}

Awaitable<absl::StatusOr<std::string>> Connection::ReadBody(std::size_t max_bytes) {
  const std::uint64_t limit = std::min(max_bytes, serving_->options.max_body_bytes);
  const absl::Status too_large =
      absl::ResourceExhaustedError(absl::StrCat("the body is larger than ", limit, " bytes"));
  if (parser_->content_length().value_or(0) > limit) co_return too_large;
  parser_->body_limit(limit);
  absl::Status status = co_await ContinueBody();
  const async::TimePoint deadline = executor().After(serving_->options.body_total_timeout);
  while (status.ok()) {
    const absl::StatusOr<bool> complete = ParseBody();
    if (absl::IsResourceExhausted(complete.status())) co_return too_large;
    if (!complete.ok()) co_return complete.status();
    if (*complete) {
      EndBody();
      co_return std::move(parser_->get().body());
    }
    const absl::Duration left = absl::FromChrono(deadline - executor().Now());
    status = co_await ReadMoreBody(std::min(left, serving_->options.body_timeout));
  }
  co_return status;
}

Awaitable<absl::StatusOr<std::string>> Connection::ReadPiece(absl::Duration timeout) {
  absl::Status status;
  if (!std::exchange(piecewise_, true)) status = co_await ContinueBody();
  std::string& body = parser_->get().body();
  while (status.ok()) {
    const absl::StatusOr<bool> complete = ParseBody();
    if (!complete.ok()) co_return complete.status();
    if (*complete) EndBody();
    if (*complete || !body.empty()) {
      body_returned_ += body.size();
      co_return std::exchange(body, "");
    }
    status = co_await ReadMoreBody(timeout);
  }
  co_return status;
}

void Connection::WatchCaller() {
  if (watching_ || gone_) return;
  watching_ = buffer_.size() == 0;
  if (watching_ && buffer_.capacity() > kShrinkAbove) buffer_.shrink_to_fit();
  async::Spawn(executor(), Watch(shared_from_this(), exchanges_));
}

void Connection::CallerLeft() {
  gone_ = true;
  cancellation_->Cancel(absl::CancelledError("the caller left"));
}

// The caller has closed its sending direction: either it waits for the response, or it is gone. An
// interim response distinguishes the two: a waiting caller ignores it, and the kernel of a closed
// one answers with a reset, which Watch detects. Returns false if the caller counts as gone.
bool Connection::ContinueHalfClosed() {
  if (half_closed_ || http10_ || phase_ != Phase::kWaiting || stream_->IsBroken()) return false;
  half_closed_ = stream_->SendNow("HTTP/1.1 102 Processing\r\n\r\n");
  return half_closed_;
}

Awaitable<void> Connection::Watch(std::shared_ptr<Connection> self, std::uint64_t exchange) {
  Connection& connection = *self;
  if (connection.watching_) {
    const auto space = connection.buffer_.prepare(kWatchRead);
    const absl::StatusOr<std::size_t> count = co_await connection.stream_->ReadSome(
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
        connection.half_closed_ ? connection.stream_->IsBroken() : connection.stream_->PeerLeft();
    if (ended) {
      if (!connection.ContinueHalfClosed()) co_return connection.CallerLeft();
      pause = kWatchSoon;
    }
    co_await connection.handler_done_.WaitFor(pause);
    pause = std::min(2 * pause, kWatchEvery);
  }
}

}  // namespace countersign::http::http1
