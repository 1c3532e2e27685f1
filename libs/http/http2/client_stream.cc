#include "libs/http/http2/client_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::http::http2 {

ClientStream::ClientStream(std::shared_ptr<ClientConnection> connection)
    : connection_(std::move(connection)),
      reused_(connection_->used_before()),
      readable_(connection_->loop()),
      writable_(connection_->loop()) {}

ClientStream::~ClientStream() {
  if (id_ == 0) return;
  connection_->Leave(id_);
  if (!body_.empty()) connection_->Consume(id_, body_.size());
}

bool ClientStream::Begin(const Origin& origin, const OutgoingHead& head) {
  left_ = head.content_length;
  id_ = connection_->Open(*this, origin, head);
  return id_ != 0;
}

// The caller has left, or waits no longer: the upstream is told at once.
void ClientStream::Abort(const absl::Status& failure) {
  connection_->Leave(id_);
  OnFailure(failure);
}

void ClientStream::OnFailure(const absl::Status& failure) {
  if (failure_.ok() && !ended_) failure_ = failure;
  unsent_ = absl::string_view();
  readable_.Notify();
  writable_.Notify();
}

void ClientStream::OnClosed(ErrorCode code) {
  unprocessed_ = code == ErrorCode::kRefusedStream && !headed_ && failure_.ok();
  if (headed_) {
    OnFailure(absl::UnavailableError("the upstream broke off its answer"));
  } else if (unprocessed_) {
    OnFailure(absl::UnavailableError("the upstream refused the request"));
  } else {
    OnFailure(absl::UnavailableError(
        absl::StrCat("the upstream reset the request (", static_cast<std::uint32_t>(code), ")")));
  }
}

void ClientStream::OnInterim() {
  if (++interim_ <= connection_->options().max_interim_responses) return;
  Abort(MalformedAnswer("endless interim responses"));
}

void ClientStream::OnHead(ResponseHead head) {
  std::uint64_t length = 0;
  if (absl::SimpleAtoi(head.headers.Get("content-length"), &length) &&
      length > connection_->options().max_content_length) {
    Abort(WithReason(absl::UnavailableError("the upstream's answer is too large"), kProtocol));
    return;
  }
  head_ = std::move(head);
  headed_ = true;
  readable_.Notify();
}

void ClientStream::AddBody(absl::string_view bytes) {
  body_.append(bytes.data(), bytes.size());
  readable_.Notify();
}

void ClientStream::EndBody(Headers trailers) {
  trailers_ = std::move(trailers);
  ended_ = true;
  unsent_ = absl::string_view();  // the upstream does without the rest of the request
  readable_.Notify();
  writable_.Notify();
}

Awaitable<absl::Status> ClientStream::ReadHead(async::Cancellation& cancellation) {
  const async::Executor executor = connection_->loop();
  const async::TimePoint deadline = executor.After(connection_->options().first_byte_timeout);
  if (cancellation.cancelled()) Abort(cancellation.cause());
  const async::Cancellation::Watch watch(cancellation, [&] { Abort(cancellation.cause()); });
  while (!headed_ && !over()) {
    const absl::Duration left = absl::FromChrono(deadline - executor.Now());
    if (left <= absl::ZeroDuration()) {
      Abort(absl::DeadlineExceededError("the upstream took too long"));
      break;
    }
    co_await readable_.WaitFor(left);
  }
  if (cancellation.cancelled()) co_return cancellation.cause();
  co_return headed_ ? absl::OkStatus() : failure_;
}

Awaitable<absl::StatusOr<std::string>> ClientStream::Read(async::Cancellation& cancellation) {
  if (cancellation.cancelled()) {
    Abort(cancellation.cause());
    co_return cancellation.cause();
  }
  const async::Executor executor = connection_->loop();
  const async::TimePoint deadline = executor.After(connection_->options().idle_timeout);
  const async::Cancellation::Watch watch(cancellation, [&] { Abort(cancellation.cause()); });
  while (body_.empty() && !over()) {
    const absl::Duration left = absl::FromChrono(deadline - executor.Now());
    if (left <= absl::ZeroDuration()) {
      Abort(absl::DeadlineExceededError("the upstream took too long"));
      break;
    }
    co_await readable_.WaitFor(left);
  }
  if (cancellation.cancelled()) co_return cancellation.cause();
  if (!body_.empty()) {
    connection_->Consume(id_, body_.size());
    co_return std::exchange(body_, "");
  }
  if (ended_) co_return std::string();
  co_return failure_;
}

Session::Events::Supply ClientStream::Send(char* data, std::size_t size) {
  Session::Events::Supply supply;
  supply.size = unsent_.copy(data, size);
  unsent_.remove_prefix(supply.size);
  supply.end = waiting_ && last_ && unsent_.empty() && failure_.ok();
  if (supply.end && request_trailers_.begin() != request_trailers_.end()) {
    supply.trailers = &request_trailers_;
  }
  return supply;
}

void ClientStream::OnWritten() {
  waiting_ = false;
  writable_.Notify();
}

Awaitable<absl::Status> ClientStream::Write(absl::string_view piece,
                                            async::Cancellation& cancellation) {
  if (piece.empty()) co_return absl::OkStatus();
  if (left_.has_value()) *left_ -= std::min<std::uint64_t>(*left_, piece.size());
  co_return co_await Flush(piece, left_ == 0, cancellation);
}

Awaitable<absl::Status> ClientStream::Finish(Headers trailers, async::Cancellation& cancellation) {
  if (left_ == 0) co_return absl::OkStatus();  // ended with its last piece
  request_trailers_ = std::move(trailers);
  co_return co_await Flush(absl::string_view(), true, cancellation);
}

Awaitable<absl::Status> ClientStream::Flush(absl::string_view piece, bool end,
                                            async::Cancellation& cancellation) {
  if (cancellation.cancelled()) Abort(cancellation.cause());
  const async::Executor executor = connection_->loop();
  const async::TimePoint deadline = executor.After(connection_->options().write_timeout);
  if (!over()) {
    unsent_ = piece;
    last_ = end;
    waiting_ = true;
    connection_->Resume(id_);
  }
  const async::Cancellation::Watch watch(cancellation, [&] { Abort(cancellation.cause()); });
  while (waiting_ && !over()) {
    const absl::Duration left = absl::FromChrono(deadline - executor.Now());
    if (left <= absl::ZeroDuration()) {
      Abort(absl::DeadlineExceededError("the upstream took too long"));
      break;
    }
    co_await writable_.WaitFor(left);
  }
  unsent_ = absl::string_view();
  waiting_ = false;
  if (cancellation.cancelled()) co_return cancellation.cause();
  if (!failure_.ok()) co_return failure_;
  co_return ended_ && !end ? absl::UnavailableError("the upstream has answered") : absl::OkStatus();
}

}  // namespace countersign::http::http2
