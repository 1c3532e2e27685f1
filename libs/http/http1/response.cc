// The writing half of Connection.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/http/date_field.h"
#include "libs/http/http1/connection.h"

namespace countersign::http::http1 {
namespace {

// Limits for reading from a caller that is still sending after its response: closing a connection
// with unread bytes could discard the response.
constexpr absl::Duration kLingerTime = absl::Seconds(5);
constexpr std::size_t kLingerBytes = 128u << 20;

// Time limit for the write that is in progress when the call is cancelled.
constexpr absl::Duration kLastWrite = absl::Seconds(1);

bool IsFraming(absl::string_view name) {
  return absl::EqualsIgnoreCase(name, "content-length") ||
         absl::EqualsIgnoreCase(name, "transfer-encoding") ||
         absl::EqualsIgnoreCase(name, "connection");
}

void AppendFields(const Headers& fields, std::string& text) {
  for (const auto& [name, value] : fields) {
    if (IsFraming(name) || !IsFieldValue(value)) continue;
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
}

}  // namespace

std::string Connection::FormatHead(const ResponseHead& head, std::optional<std::size_t> length) {
  const bool no_more_requests = input_ended_ && buffer_.size() == 0;
  if (finish_soon_ || !body_read_ || no_more_requests) keep_alive_ = false;
  const bool framed = head.status != 204;  // RFC 9110, section 8.6
  chunked_ = framed && !length.has_value() && !http10_;
  if (!length.has_value() && http10_) keep_alive_ = false;
  std::string text = absl::StrCat("HTTP/1.1 ", head.status, " ", ReasonPhrase(head.status), "\r\n");
  AppendFields(head.headers, text);
  absl::StrAppend(&text, "date: ", FormatDate(), "\r\n");
  if (framed && length.has_value()) absl::StrAppend(&text, "content-length: ", *length, "\r\n");
  if (chunked_) absl::StrAppend(&text, "transfer-encoding: chunked\r\n");
  if (!keep_alive_) {
    absl::StrAppend(&text, "connection: close\r\n");
  } else if (http10_) {
    absl::StrAppend(&text, "connection: keep-alive\r\n");
  }
  text += "\r\n";
  return text;
}

// When the call is cancelled while bytes wait for the caller to take them, the write gets a short
// deadline: a caller that still reads gets the rest of the message and the error that follows.
Awaitable<absl::Status> Connection::Send(absl::string_view first, absl::string_view second) {
  if (gone_) co_return absl::CancelledError("the caller left");
  const async::Cancellation::Watch watch(*cancellation_, [this] {
    if (gone_) {
      stream_->Close();
    } else {
      stream_->ShortenWriteDeadline(kLastWrite);
    }
  });
  co_return co_await stream_->Write(first, second, serving_->options.write_timeout);
}

Awaitable<absl::Status> Connection::Respond(ResponseHead head, absl::string_view body) {
  const std::string text = FormatHead(head, body.size());
  phase_ = Phase::kDone;
  const bool bodiless = head_.method == "HEAD" || head.status == 204 || head.status == 304;
  co_return co_await Send(text, bodiless ? absl::string_view() : body);
}

Awaitable<absl::Status> Connection::Begin(ResponseHead head) {
  const std::string text = FormatHead(head, std::nullopt);
  phase_ = Phase::kStreaming;
  co_return co_await Send(text, absl::string_view());
}

Awaitable<absl::Status> Connection::Write(absl::string_view piece) {
  if (piece.empty()) co_return absl::OkStatus();
  if (!chunked_) co_return co_await Send(piece, absl::string_view());
  const std::string chunk = absl::StrCat(absl::Hex(piece.size()), "\r\n", piece, "\r\n");
  co_return co_await Send(chunk, absl::string_view());
}

Awaitable<absl::Status> Connection::Finish(Headers trailers) {
  phase_ = Phase::kDone;
  if (!chunked_) co_return absl::OkStatus();
  std::string end = "0\r\n";
  if (head_.headers.HasToken("te", "trailers")) AppendFields(trailers, end);
  end += "\r\n";
  co_return co_await Send(end, absl::string_view());
}

Awaitable<void> Connection::Refuse(int status) {
  ServerOptions::Refusal refusal;
  if (serving_->options.refuse) refusal = serving_->options.refuse(status);
  ResponseHead head;
  head.status = status;
  head.headers = std::move(refusal.headers);
  keep_alive_ = keep_alive_ && status == 500;
  (void)co_await Respond(std::move(head), refusal.body);
  if (!handling_) co_await Linger();
}

Awaitable<void> Connection::Linger() {
  co_await stream_->ShutdownWrite(absl::Seconds(1));
  const async::TimePoint deadline = executor().After(kLingerTime);
  std::string scratch(64u << 10, '\0');
  std::size_t discarded = 0;
  while (discarded < kLingerBytes && !watching_) {
    const absl::Duration left = absl::FromChrono(deadline - executor().Now());
    if (left <= absl::ZeroDuration()) break;
    const absl::StatusOr<std::size_t> count =
        co_await stream_->ReadSome(scratch.data(), scratch.size(), left);
    if (!count.ok() || *count == 0) break;
    discarded += *count;
  }
}

}  // namespace countersign::http::http1
