// The server side of HTTP/2 with a caller that sends arbitrary bytes: the session neither stores
// more than its limits nor works on without end, tells of each stream in order, and does so however
// the bytes are cut. Input: cut, how handlers behave, bytes after the preface.

#include <algorithm>
#include <map>
#include <string>

#include "libs/http/http2/server_session.h"

#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

using http::http2::ErrorCode;
using http::http2::ServerSession;
using http::http2::SessionLimits;
using http::http2::StreamId;

SessionLimits Limits() {
  SessionLimits limits;
  limits.max_head_bytes = 4'000;
  limits.max_head_fields = 20;
  limits.http2.max_streams = 8;
  limits.http2.stream_window = 2'000;
  limits.http2.connection_window = 65'535;
  limits.http2.idle_frames = {200, 0};
  limits.http2.resets = {20, 0};
  return limits;
}

// Answers every request, and reads some of their bodies.
class Handlers final : public ServerSession::Events {
 public:
  explicit Handlers(std::uint8_t behaviour) : behaviour_(behaviour) {}

  void OnRequest(StreamId id, http::RequestHead head, int refused) override {
    Require(id % 2 == 1, "a stream that a server begins");
    Require(streams_.emplace(id, Stream()).second, "a stream begins twice");
    Require(streams_.size() <= Limits().http2.max_streams, "more streams than allowed");
    Require(refused == 0 || refused == 400 || refused == 431, "another refusal");
    if (refused == 0) {
      Require(head.target.substr(0, 1) == "/", "not a path", head.target);
      Require(head.headers.Count("host") == 1, "not one host");
    }
    std::size_t bytes = head.target.size();
    for (const auto& [name, value] : head.headers) {
      Require(http::IsFieldValue(value), "a value that could end a field", value);
      bytes += name.size() + value.size();
    }
    Require(bytes <= 2 * Limits().max_head_bytes, "a larger head than allowed");
  }
  void OnBody(StreamId id, absl::string_view bytes) override {
    Stream& stream = streams_.at(id);
    Require(!stream.ended, "a body goes on after its end");
    stream.unread += bytes.size();
    Require(stream.unread <= Limits().http2.stream_window, "more unread bytes than the window");
  }
  void OnBodyEnd(StreamId id, http::Headers) override {
    Require(!std::exchange(streams_.at(id).ended, true), "a body ends twice");
  }
  void OnClose(StreamId id, ErrorCode, bool) override { streams_.erase(id); }
  Supply OnSend(StreamId, char* data, std::size_t size) override {
    const std::size_t count = std::min<std::size_t>(size, behaviour_ % 100);
    std::fill_n(data, count, 'x');
    return {count, true, behaviour_ % 3 == 0 ? &trailers_ : nullptr};
  }

  void Work(ServerSession& session) {
    for (auto& [id, stream] : streams_) {
      if (behaviour_ % 2 == 0) session.Consume(id, std::exchange(stream.unread, 0));
      if (!std::exchange(stream.answered, true)) {
        session.Respond(id, http::ResponseHead(), std::nullopt, behaviour_ % 5 != 0);
      } else if (behaviour_ % 7 == 0) {
        session.Reset(id, ErrorCode::kCancel);
      }
    }
  }

 private:
  struct Stream {
    std::size_t unread = 0;
    bool ended = false;
    bool answered = false;
  };
  const std::uint8_t behaviour_;
  std::map<StreamId, Stream> streams_;
  const http::Headers trailers_ = [] {
    http::Headers fields;
    fields.Add("grpc-status", "0");
    return fields;
  }();
};

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const std::uint8_t behaviour = input.Byte();
  const absl::string_view bytes = input.Rest();
  const async::TimePoint now;
  Handlers handlers(behaviour);
  ServerSession session(Limits(), handlers, now);
  session.Receive("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", now);
  std::string output;
  for (const absl::string_view piece : Cut(bytes, cut)) {
    if (session.finished() || session.terminated()) break;
    session.Receive(piece, now);
    handlers.Work(session);
    const std::size_t before = output.size();
    session.Produce(output, 1u << 16);
    Require(output.size() - before <= (1u << 17), "more output than asked for");
  }
  session.Terminate(ErrorCode::kNoError);
  for (int i = 0; i < 1'000 && !session.finished(); ++i) session.Produce(output, 1u << 16);
  Require(session.finished(), "the session does not end");
}

}  // namespace countersign::fuzz
