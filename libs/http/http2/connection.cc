#include "libs/http/http2/connection.h"

#include <algorithm>
#include <utility>

#include "libs/async/spawn.h"

namespace countersign::http::http2 {
namespace {

constexpr std::size_t kRead = 16u << 10;
constexpr std::size_t kIdleRead = 2u << 10;  // without streams
constexpr std::size_t kBatch = 64u << 10;    // bytes of one write
constexpr std::size_t kShrinkAbove = 1u << 10;

// For a round trip between the two GOAWAY frames of a shutdown.
constexpr absl::Duration kShutdownNotice = absl::Seconds(1);

// Limits for reading after the last write: closing a connection with unread bytes could discard the
// last frames.
constexpr absl::Duration kLingerTime = absl::Seconds(1);
constexpr std::size_t kLingerBytes = 16u << 20;

// `from` plus `duration`, saturated at the largest TimePoint.
async::TimePoint Later(async::TimePoint from, absl::Duration duration) {
  const absl::Duration left = absl::FromChrono(async::TimePoint::max() - from);
  return duration >= left ? async::TimePoint::max() : from + absl::ToChronoNanoseconds(duration);
}

SessionLimits Limits(const ServerOptions& options) {
  return {options.max_head_bytes, options.max_head_fields, options.http2};
}

}  // namespace

Connection::Connection(Accepted accepted)
    : stream_(std::move(accepted.stream)),
      serving_(std::move(accepted.serving)),
      client_address_(stream_->PeerAddress()),
      place_(accepted.place),
      received_(std::move(accepted.received)),
      session_(Limits(serving_->options), *this, stream_->loop().Now()),
      output_ready_(stream_->loop()),
      ended_(stream_->loop()),
      timer_(stream_->loop().MakeTimer()),
      begun_at_(stream_->loop().Now()),
      idle_since_(begun_at_) {}

Awaitable<void> Connection::Run() {
  async::Spawn(loop(), WriteAll(shared_from_this()));
  co_await Read();
  reading_ = false;
  CloseStreams();
  while (!handling_.empty()) co_await ended_.WaitFor(absl::InfiniteDuration());
  stream_->Close();
  WakeWriter();
  while (writing_) co_await ended_.WaitFor(absl::InfiniteDuration());
  timer_->Cancel();
}

// Reads until the caller has left.
Awaitable<void> Connection::Read() {
  Receive(std::exchange(received_, ""));
  std::string buffer;
  std::size_t discarded = 0;
  while (discarded < kLingerBytes) {
    buffer.resize(handling_.empty() ? kIdleRead : kRead);
    buffer.shrink_to_fit();
    const absl::StatusOr<std::size_t> count =
        co_await stream_->ReadSome(buffer.data(), buffer.size(), absl::InfiniteDuration());
    if (!count.ok() || *count == 0) co_return;
    if (session_.terminated() || session_.finished()) {
      discarded += *count;
      continue;
    }
    Receive(absl::string_view(buffer).substr(0, *count));
  }
}

void Connection::Receive(absl::string_view bytes) {
  session_.Receive(bytes, loop().Now());
  AfterSession();
  WakeWriter();
}

void Connection::WakeWriter() {
  output_wanted_ = true;
  output_ready_.Notify();
}

Awaitable<void> Connection::WriteAll(std::shared_ptr<Connection> self) {
  bool more = true;
  while (more) more = co_await self->WriteSome();
  if (self->reading_ && self->session_.finished()) {
    self->CloseAfter(kLingerTime);
    co_await self->stream_->ShutdownWrite(kLingerTime);
  } else {
    self->stream_->Close();
  }
  self->writing_ = false;
  self->ended_.Notify();
}

Awaitable<bool> Connection::WriteSome() {
  output_.clear();
  output_wanted_ = false;
  session_.Produce(output_, kBatch);
  AfterSession();
  if (output_.empty()) {
    if (output_.capacity() > kShrinkAbove) output_.shrink_to_fit();
    if (session_.finished()) co_return false;
    if (!output_wanted_) co_await output_ready_.WaitFor(absl::InfiniteDuration());
    co_return reading_;
  }
  const absl::Status written = co_await stream_->Write(output_, options().write_timeout);
  for (const auto& exchange : std::exchange(taken_, {})) exchange->OnWritten(written.ok());
  co_return reading_&& written.ok();
}

void Connection::AfterSession() {
  for (const auto& exchange : std::exchange(closed_, {})) exchange->OnClosed();
  if (session_.terminated() && close_at_ == async::TimePoint::max()) {
    CloseAfter(kLingerTime);
    CloseStreams();
  }
  ArmTimer();
}

void Connection::CloseStreams() {
  for (const auto& [id, exchange] : std::exchange(streams_, {})) exchange->OnClosed();
}

void Connection::OnRequest(StreamId id, RequestHead head, int refused) {
  const bool first = handling_.empty();
  if (handling_.size() >= options().http2.max_streams || (first && !place_.BeginRequest())) {
    session_.Reset(id, ErrorCode::kRefusedStream);
    return;
  }
  auto exchange = std::make_shared<StreamExchange>(*this, id, std::move(head));
  streams_.emplace(id, exchange);
  handling_.emplace(id, exchange);
  async::Spawn(
      loop(), Handle(exchange, refused),
      [self = shared_from_this(), exchange](std::exception_ptr) { self->EndHandling(*exchange); });
}

Awaitable<void> Connection::Handle(std::shared_ptr<StreamExchange> exchange, int refused) {
  if (refused == 0) co_await serving_->handler(*exchange);
  // A caller that has left is refused nothing, and counts as no failure.
  if (exchange->begun() || exchange->gone()) co_return;
  co_await exchange->Refuse(refused == 0 ? 500 : refused);
}

void Connection::EndHandling(StreamExchange& exchange) {
  exchange.End();
  handling_.erase(exchange.id());
  if (handling_.empty()) {
    place_.EndRequest();
    idle_since_ = loop().Now();
    ArmTimer();
  }
  ended_.Notify();
}

void Connection::OnBody(StreamId id, absl::string_view bytes) {
  const auto stream = streams_.find(id);
  if (stream == streams_.end() || !handling_.contains(id)) {
    session_.Consume(id, bytes.size());
  } else {
    stream->second->AddBody(bytes);
  }
}

void Connection::OnBodyEnd(StreamId id, Headers trailers) {
  const auto stream = streams_.find(id);
  if (stream != streams_.end()) stream->second->EndBody(std::move(trailers));
}

void Connection::OnClose(StreamId id, ErrorCode, bool) {
  const auto stream = streams_.find(id);
  if (stream == streams_.end()) return;
  closed_.push_back(std::move(stream->second));
  streams_.erase(stream);
}

ServerSession::Events::Supply Connection::OnSend(StreamId id, char* data, std::size_t size) {
  const auto stream = streams_.find(id);
  if (stream == streams_.end()) return {};
  const Supply supply = stream->second->Send(data, size);
  const bool any = supply.size > 0 || supply.end;
  if (any && stream->second->all_taken()) taken_.push_back(stream->second);
  return supply;
}

void Connection::FinishSoon() {
  session_.BeginShutdown();
  shutdown_at_ = std::min(shutdown_at_, Later(loop().Now(), kShutdownNotice));
  WakeWriter();
  ArmTimer();
}

void Connection::Cancel(absl::Status cause) {
  for (const auto& [id, exchange] : Streams(handling_)) exchange->cancellation().Cancel(cause);
}

void Connection::Close() { stream_->Close(); }

void Connection::CloseAfter(absl::Duration timeout) {
  close_at_ = std::min(close_at_, Later(loop().Now(), timeout));
  ArmTimer();
}

async::TimePoint Connection::NextDeadline() const {
  async::TimePoint next = std::min(close_at_, shutdown_at_);
  if (!session_.started()) next = std::min(next, Later(begun_at_, options().first_byte_timeout));
  if (session_.header_list_since().has_value()) {
    next = std::min(next, Later(*session_.header_list_since(), options().head_timeout));
  }
  if (handling_.empty() && !session_.shutting_down()) {
    next = std::min(next, Later(idle_since_, options().idle_timeout));
  }
  return next;
}

void Connection::ArmTimer() {
  const async::TimePoint next = NextDeadline();
  if (next >= armed_for_) return;  // when it fires early, it is set again
  armed_for_ = next;
  timer_->Start(next, [this] { OnTimer(); });
}

void Connection::OnTimer() {
  armed_for_ = async::TimePoint::max();
  const async::TimePoint now = loop().Now();
  const std::optional<async::TimePoint> list = session_.header_list_since();
  if (close_at_ <= now || (!session_.started() && NextDeadline() <= now)) {
    Close();
    return;
  }
  if (list.has_value() && Later(*list, options().head_timeout) <= now) {
    session_.Terminate(ErrorCode::kEnhanceYourCalm);
    AfterSession();
    WakeWriter();
  } else if (shutdown_at_ <= now) {
    shutdown_at_ = async::TimePoint::max();
    session_.FinishShutdown();
    WakeWriter();
  } else if (NextDeadline() <= now) {
    FinishSoon();
  }
  ArmTimer();
}

}  // namespace countersign::http::http2
