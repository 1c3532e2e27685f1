#include "libs/http/http2/stream_exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/http/http2/connection.h"

namespace countersign::http::http2 {
namespace {

// Time limit for the write that is in progress when the call is cancelled.
constexpr absl::Duration kLastWrite = absl::Seconds(1);

// For a body whose length is known; more as it arrives, because many streams may announce much.
constexpr std::size_t kReserved = 64u << 10;

}  // namespace

StreamExchange::StreamExchange(Connection& connection, StreamId id, RequestHead head)
    : connection_(connection),
      id_(id),
      head_(std::move(head)),
      received_(connection.loop()),
      taken_(connection.loop()) {}

const std::string& StreamExchange::client_address() const { return connection_.client_address(); }

async::Executor StreamExchange::executor() { return connection_.loop(); }

void StreamExchange::SetVerified() { connection_.SetVerified(); }

void StreamExchange::AddBody(absl::string_view bytes) {
  body_.append(bytes.data(), bytes.size());
  received_.Notify();
}

void StreamExchange::EndBody(Headers trailers) {
  body_ended_ = true;
  trailers_ = std::move(trailers);
  received_.Notify();
}

async::Awaitable<absl::StatusOr<std::string>> StreamExchange::ReadPiece(absl::Duration timeout) {
  if (!std::exchange(body_continued_, true) && !body_ended_ && body_.empty() &&
      head_.headers.HasToken("expect", "100-continue")) {
    connection_.session().Continue(id_);
    connection_.WakeWriter();
  }
  const async::TimePoint deadline = executor().After(timeout);
  const async::Cancellation::Watch watch(cancellation_, [this] { received_.Notify(); });
  while (body_.empty() && !body_ended_ && !gone_) {
    if (cancellation_.cancelled()) co_return cancellation_.cause();
    const absl::Duration left = absl::FromChrono(deadline - executor().Now());
    if (left <= absl::ZeroDuration()) {
      co_return absl::DeadlineExceededError("the caller took too long");
    }
    co_await received_.WaitFor(left);
  }
  if (body_.empty() && !body_ended_) co_return Gone();
  connection_.session().Consume(id_, body_.size());
  connection_.WakeWriter();
  co_return std::exchange(body_, "");
}

async::Awaitable<absl::StatusOr<std::string>> StreamExchange::ReadBody(std::size_t max_bytes) {
  const ServerOptions& options = connection_.options();
  const std::size_t limit = std::min(max_bytes, options.max_body_bytes);
  const absl::Status too_large =
      absl::ResourceExhaustedError(absl::StrCat("the body is larger than ", limit, " bytes"));
  std::uint64_t length = 0;
  if (absl::SimpleAtoi(head_.headers.Get("content-length"), &length) && length > limit) {
    co_return too_large;
  }
  std::string body;
  body.reserve(std::min<std::size_t>(length, kReserved));
  const async::TimePoint deadline = executor().After(options.body_total_timeout);
  while (true) {
    const absl::Duration left = absl::FromChrono(deadline - executor().Now());
    absl::StatusOr<std::string> piece = co_await ReadPiece(std::min(left, options.body_timeout));
    if (!piece.ok()) co_return piece.status();
    if (piece->empty()) co_return body;
    if (piece->size() > limit - body.size()) co_return too_large;
    body += *piece;
  }
}

ServerSession::Events::Supply StreamExchange::Send(char* data, std::size_t size) {
  ServerSession::Events::Supply supply;
  supply.size = unsent_.copy(data, size);
  unsent_.remove_prefix(supply.size);
  supply.end = waiting_ && last_ && unsent_.empty() && !gone_;
  if (supply.end) {
    ended_ = true;
    if (response_trailers_.begin() != response_trailers_.end()) {
      supply.trailers = &response_trailers_;
    }
  }
  return supply;
}

void StreamExchange::OnWritten(bool written) {
  if (written) {
    waiting_ = false;
  } else {
    gone_ = true;
  }
  NotifyAll();
}

void StreamExchange::OnClosed() {
  if (ended_) return;
  gone_ = true;
  unsent_ = absl::string_view();
  NotifyAll();
  cancellation_.Cancel(Gone());
}

// Waits until the caller's windows and the network have taken the piece. When the call is cancelled
// meanwhile, they get a short deadline: a caller that still reads gets the rest of the message and
// the error that follows.
async::Awaitable<absl::Status> StreamExchange::Flush(absl::string_view piece, bool end) {
  if (gone_) co_return Gone();
  unsent_ = piece;
  last_ = end;
  waiting_ = true;
  connection_.session().Resume(id_);
  connection_.WakeWriter();
  async::TimePoint deadline = executor().After(connection_.options().write_timeout);
  const async::Cancellation::Watch watch(cancellation_, [&] {
    deadline = std::min(deadline, executor().After(kLastWrite));
    taken_.Notify();
  });
  while (waiting_ && !gone_) {
    const absl::Duration left = absl::FromChrono(deadline - executor().Now());
    if (left <= absl::ZeroDuration()) {
      gone_ = true;
      unsent_ = absl::string_view();
      connection_.session().Reset(id_, ErrorCode::kCancel);
      connection_.WakeWriter();
      co_return absl::DeadlineExceededError("the caller took too long");
    }
    co_await taken_.WaitFor(left);
  }
  co_return waiting_ ? Gone() : absl::OkStatus();
}

bool StreamExchange::IsBodiless(int status) const {
  return head_.method == "HEAD" || status == 204 || status == 304;
}

async::Awaitable<absl::Status> StreamExchange::Respond(ResponseHead head, absl::string_view body) {
  begun_ = true;
  if (gone_) co_return Gone();
  const std::size_t length = body.size();
  bodiless_ = IsBodiless(head.status);
  if (bodiless_) body = absl::string_view();
  // A stream whose request has not ended is reset at the end, which must not overtake the response.
  const bool flush = !body.empty() || !body_ended_;
  connection_.session().Respond(id_, head, length, flush);
  if (flush) co_return co_await Flush(body, true);
  ended_ = true;
  connection_.WakeWriter();
  co_return absl::OkStatus();
}

async::Awaitable<absl::Status> StreamExchange::Begin(ResponseHead head) {
  begun_ = true;
  if (gone_) co_return Gone();
  bodiless_ = IsBodiless(head.status);
  connection_.session().Respond(id_, head, std::nullopt, true);
  connection_.WakeWriter();
  co_return absl::OkStatus();
}

async::Awaitable<absl::Status> StreamExchange::Write(absl::string_view piece) {
  if (piece.empty() || bodiless_) co_return gone_ ? Gone() : absl::OkStatus();
  co_return co_await Flush(piece, false);
}

async::Awaitable<absl::Status> StreamExchange::Finish(Headers trailers) {
  response_trailers_ = std::move(trailers);
  co_return co_await Flush(absl::string_view(), true);
}

async::Awaitable<void> StreamExchange::Refuse(int status) {
  ServerOptions::Refusal refusal;
  if (connection_.options().refuse) refusal = connection_.options().refuse(status);
  ResponseHead head;
  head.status = status;
  head.headers = std::move(refusal.headers);
  (void)co_await Respond(std::move(head), refusal.body);
}

void StreamExchange::End() {
  ServerSession& session = connection_.session();
  if (!ended_) {
    session.Reset(id_, cancellation_.cancelled() ? ErrorCode::kCancel : ErrorCode::kInternalError);
  } else if (!body_ended_) {
    session.Reset(id_, ErrorCode::kNoError);  // the caller need not send the rest
  }
  session.Consume(id_, std::exchange(body_, "").size());
  connection_.WakeWriter();
}

}  // namespace countersign::http::http2
