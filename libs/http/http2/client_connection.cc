#include "libs/http/http2/client_connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/async/spawn.h"
#include "libs/http/http2/client_stream.h"

namespace countersign::http::http2 {
namespace {

constexpr std::size_t kRead = 16u << 10;
constexpr std::size_t kIdleRead = 2u << 10;  // without streams
constexpr std::size_t kBatch = 64u << 10;    // bytes of one write
constexpr std::size_t kShrinkAbove = 1u << 10;
constexpr absl::Duration kLingerTime = absl::Seconds(1);  // for reading after a failed write

// `from` plus `duration`, saturated at the largest TimePoint.
async::TimePoint Later(async::TimePoint from, absl::Duration duration) {
  const absl::Duration left = absl::FromChrono(async::TimePoint::max() - from);
  return duration >= left ? async::TimePoint::max() : from + absl::ToChronoNanoseconds(duration);
}

SessionLimits Limits(const ClientOptions& options) {
  constexpr std::uint64_t kLargestWindow = (1u << 31) - 1;
  const Http2ClientOptions& http2 = options.http2;
  SessionLimits limits;
  limits.max_head_bytes = options.max_head_bytes;
  limits.max_head_fields = options.max_head_fields;
  limits.http2.stream_window = http2.stream_window;
  limits.http2.connection_window = static_cast<std::uint32_t>(
      std::min(kLargestWindow, std::uint64_t{http2.stream_window} * http2.max_streams));
  limits.http2.max_continuations = http2.max_continuations;
  limits.http2.idle_frames = http2.idle_frames;
  return limits;
}

}  // namespace

ClientConnection::ClientConnection(std::unique_ptr<Stream> stream,
                                   std::shared_ptr<const ClientOptions> options,
                                   absl::AnyInvocable<void()> on_change)
    : stream_(std::move(stream)),
      options_(std::move(options)),
      on_change_(std::move(on_change)),
      session_(Limits(*options_), *this, stream_->loop().Now()),
      output_ready_(stream_->loop()),
      timer_(stream_->loop().MakeTimer()),
      received_at_(stream_->loop().Now()),
      idle_since_(received_at_) {}

void ClientConnection::Start() {
  async::Spawn(loop(), ReadAll(shared_from_this()));
  async::Spawn(loop(), WriteAll(shared_from_this()));
  ArmTimer();
}

bool ClientConnection::IsDone() const {
  return !reading_ || session_.draining() || session_.finished();
}

bool ClientConnection::HasRoom() const {
  return !IsDone() &&
         streams_.size() < std::min(options_->http2.max_streams, session_.peer_max_streams());
}

void ClientConnection::FinishSoon() {
  if (IsDone()) return;
  session_.Shutdown();
  WakeWriter();
}

StreamId ClientConnection::Open(ClientStream& stream, const Origin& origin,
                                const OutgoingHead& head) {
  if (!HasRoom()) return 0;
  const StreamId id = session_.Request(origin, head);
  if (id == 0) {
    FinishSoon();  // its numbers are used up
    return 0;
  }
  streams_.emplace(id, &stream);
  WakeWriter();
  ArmTimer();
  return id;
}

void ClientConnection::Resume(StreamId id) {
  session_.Resume(id);
  WakeWriter();
}

void ClientConnection::Consume(StreamId id, std::size_t bytes) {
  session_.Consume(id, bytes);
  WakeWriter();
}

void ClientConnection::Leave(StreamId id) {
  if (streams_.erase(id) == 0) return;
  if (streams_.empty()) idle_since_ = loop().Now();
  session_.Cancel(id);
  changed_ = true;
  WakeWriter();
}

ClientStream* ClientConnection::Find(StreamId id) {
  const auto stream = streams_.find(id);
  return stream == streams_.end() ? nullptr : stream->second;
}

Awaitable<void> ClientConnection::ReadAll(std::shared_ptr<ClientConnection> self) {
  std::string buffer;
  while (true) {
    buffer.resize(self->streams_.empty() ? kIdleRead : kRead);
    buffer.shrink_to_fit();
    const absl::StatusOr<std::size_t> count =
        co_await self->stream_->ReadSome(buffer.data(), buffer.size(), absl::InfiniteDuration());
    if (!count.ok() || *count == 0) break;
    self->received_at_ = self->loop().Now();
    self->pong_missing_ = false;
    self->session_.Receive(absl::string_view(buffer).substr(0, *count), self->received_at_);
    self->AfterSession();
    self->WakeWriter();
  }
  self->reading_ = false;
  self->stream_->Close();
  self->LoseStreams("the upstream closed the connection before its answer was complete");
  self->AfterSession();
  self->WakeWriter();
}

void ClientConnection::WakeWriter() {
  output_wanted_ = true;
  output_ready_.Notify();
}

Awaitable<void> ClientConnection::WriteAll(std::shared_ptr<ClientConnection> self) {
  bool more = true;
  while (more) more = co_await self->WriteSome();
  // An upstream that closed the connection may have answered before.
  const async::TimePoint deadline = Later(self->loop().Now(), kLingerTime);
  while (self->reading_ && !self->session_.finished() && self->loop().Now() < deadline) {
    co_await self->output_ready_.WaitFor(absl::FromChrono(deadline - self->loop().Now()));
  }
  self->FailStreams(MalformedAnswer("it breaks the rules of HTTP/2"));
  self->stream_->Close();
  self->timer_->Cancel();
}

Awaitable<bool> ClientConnection::WriteSome() {
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
  const absl::Status written = co_await stream_->Write(output_, options_->write_timeout);
  for (const StreamId id : std::exchange(taken_, {})) {
    ClientStream* stream = Find(id);
    if (written.ok() && stream != nullptr) stream->OnWritten();
  }
  co_return reading_&& written.ok();
}

void ClientConnection::AfterSession() {
  if (session_.terminated()) FailStreams(MalformedAnswer("it exceeds a limit of HTTP/2"));
  ArmTimer();
  if (std::exchange(changed_, false)) on_change_();
}

void ClientConnection::FailStreams(const absl::Status& failure) {
  for (const auto& [id, stream] : std::exchange(streams_, {})) stream->OnFailure(failure);
  changed_ = true;
}

void ClientConnection::LoseStreams(absl::string_view why) {
  for (const auto& [id, stream] : streams_) stream->OnLost();
  FailStreams(absl::UnavailableError(why));
}

void ClientConnection::OnInterim(StreamId id) {
  pinged_at_.reset();
  if (ClientStream* stream = Find(id); stream != nullptr) stream->OnInterim();
}

void ClientConnection::OnResponse(StreamId id, ResponseHead head) {
  pinged_at_.reset();
  used_ = true;
  if (ClientStream* stream = Find(id); stream != nullptr) stream->OnHead(std::move(head));
}

void ClientConnection::OnMalformed(StreamId id, absl::string_view why) {
  if (ClientStream* stream = Find(id); stream != nullptr) stream->OnFailure(MalformedAnswer(why));
}

void ClientConnection::OnBody(StreamId id, absl::string_view bytes) {
  pinged_at_.reset();
  if (ClientStream* stream = Find(id); stream != nullptr) {
    stream->AddBody(bytes);
  } else {
    session_.Consume(id, bytes.size());
  }
}

void ClientConnection::OnBodyEnd(StreamId id, Headers trailers) {
  pinged_at_.reset();
  if (ClientStream* stream = Find(id); stream != nullptr) stream->EndBody(std::move(trailers));
}

void ClientConnection::OnClose(StreamId id, ErrorCode code, bool by_peer) {
  ClientStream* stream = Find(id);
  if (stream == nullptr) return;
  streams_.erase(id);
  changed_ = true;
  if (streams_.empty()) idle_since_ = loop().Now();
  if (!by_peer && code == ErrorCode::kProtocolError) {
    stream->OnFailure(MalformedAnswer("it breaks the rules of HTTP/2"));
  } else {
    stream->OnClosed(code);
  }
}

ClientSession::Events::Supply ClientConnection::OnSend(StreamId id, char* data, std::size_t size) {
  ClientStream* stream = Find(id);
  if (stream == nullptr) return {};
  const Supply supply = stream->Send(data, size);
  const bool any = supply.size > 0 || supply.end;
  if (any && stream->all_taken()) taken_.push_back(id);
  return supply;
}

// A connection that is silent is asked once, then rarely: servers of gRPC end connections that ask
// often.
async::TimePoint ClientConnection::NextPing() const {
  if (pinged_at_.has_value()) return Later(*pinged_at_, options_->http2.ping_again);
  return Later(received_at_, options_->http2.ping_after);
}

async::TimePoint ClientConnection::NextDeadline() const {
  if (!reading_) return async::TimePoint::max();
  if (streams_.empty()) return Later(idle_since_, options_->http2.keep_idle);
  return pong_missing_ ? Later(*pinged_at_, options_->http2.ping_timeout) : NextPing();
}

void ClientConnection::ArmTimer() {
  const async::TimePoint next = NextDeadline();
  if (next >= armed_for_) return;  // when it fires early, it is set again
  armed_for_ = next;
  timer_->Start(next, [this] { OnTimer(); });
}

void ClientConnection::OnTimer() {
  armed_for_ = async::TimePoint::max();
  const async::TimePoint now = loop().Now();
  if (NextDeadline() > now) {
    ArmTimer();
  } else if (streams_.empty()) {
    FinishSoon();
    AfterSession();
  } else if (pong_missing_) {
    LoseStreams("the upstream no longer answers");
    stream_->Close();
  } else {
    pinged_at_ = now;
    pong_missing_ = true;
    session_.Ping();
    WakeWriter();
    ArmTimer();
  }
}

}  // namespace countersign::http::http2
