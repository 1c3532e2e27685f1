// The client side of HTTP/2 with an upstream that sends arbitrary bytes: the session neither stores
// more than its limits nor works on without end, tells of each response in order, and does so
// however the bytes are cut. Input: cut, how readers behave, the bytes of the upstream.

#include <algorithm>
#include <map>
#include <string>

#include "libs/http/http2/client_session.h"

#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

using http::http2::ClientSession;
using http::http2::ErrorCode;
using http::http2::SessionLimits;
using http::http2::StreamId;

SessionLimits Limits() {
  SessionLimits limits;
  limits.max_head_bytes = 4'000;
  limits.max_head_fields = 20;
  limits.http2.stream_window = 2'000;
  limits.http2.connection_window = 65'535;
  limits.http2.idle_frames = {200, 0};
  limits.http2.resets = {20, 0};
  return limits;
}

// Until the upstream acknowledges the client's settings, streams have the protocol's first window.
constexpr std::size_t kLargestWindow = 65'535;

// Sends requests, and reads some of the answers.
class Calls final : public ClientSession::Events {
 public:
  explicit Calls(std::uint8_t behaviour) : behaviour_(behaviour) {}

  void OnInterim(StreamId id) override {
    Require(!streams_.at(id).headed, "an interim response after the response");
  }
  void OnResponse(StreamId id, http::ResponseHead head) override {
    Require(!std::exchange(streams_.at(id).headed, true), "two heads");
    Require(head.status >= 200 && head.status <= 999, "not a final status");
    std::size_t bytes = 0;
    for (const auto& [name, value] : head.headers) {
      Require(http::IsFieldValue(value), "a value that could end a field", value);
      Require(!name.empty() && name.front() != ':', "a pseudo-header field", name);
      bytes += name.size() + value.size();
    }
    Require(bytes <= Limits().max_head_bytes, "a larger head than allowed");
  }
  void OnMalformed(StreamId id, absl::string_view) override { streams_.at(id).malformed = true; }
  void OnPong() override {}
  void OnBody(StreamId id, absl::string_view bytes) override {
    Stream& stream = streams_.at(id);
    Require(stream.headed, "a body before its head");
    Require(!stream.ended, "a body goes on after its end");
    Require(!stream.malformed, "a body goes on after a mistake");
    stream.unread += bytes.size();
    Require(stream.unread <= kLargestWindow, "more unread bytes than the window");
  }
  void OnBodyEnd(StreamId id, http::Headers) override {
    Stream& stream = streams_.at(id);
    Require(stream.headed, "an end before the head");
    Require(!std::exchange(stream.ended, true), "a body ends twice");
  }
  void OnClose(StreamId id, ErrorCode, bool) override {
    Require(streams_.erase(id) == 1, "a stream closes twice");
  }
  Supply OnSend(StreamId, char* data, std::size_t size) override {
    const std::size_t count = std::min<std::size_t>(size, behaviour_ % 100);
    std::fill_n(data, count, 'x');
    return {count, true, nullptr};
  }

  void Begin(ClientSession& session) {
    http::Origin origin;
    origin.host = "a";
    http::OutgoingHead head;
    head.head.method = behaviour_ % 3 == 0 ? "HEAD" : "POST";
    head.head.target = "/";
    if (behaviour_ % 5 == 0) head.content_length = 0;
    if (const StreamId id = session.Request(origin, head); id != 0) streams_[id] = Stream();
  }
  void Work(ClientSession& session) {
    for (auto& [id, stream] : streams_) {
      if (behaviour_ % 2 == 0) session.Consume(id, std::exchange(stream.unread, 0));
      if (behaviour_ % 7 == 0 && stream.headed) session.Cancel(id);
    }
  }

 private:
  struct Stream {
    std::size_t unread = 0;
    bool headed = false;
    bool ended = false;
    bool malformed = false;
  };
  const std::uint8_t behaviour_;
  std::map<StreamId, Stream> streams_;
};

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const std::uint8_t behaviour = input.Byte();
  const absl::string_view bytes = input.Rest();
  const async::TimePoint now;
  Calls calls(behaviour);
  ClientSession session(Limits(), calls, now);
  for (int i = 0; i < 4; ++i) calls.Begin(session);
  std::string output;
  session.Produce(output, 1u << 16);
  for (const absl::string_view piece : Cut(bytes, cut)) {
    if (session.finished() || session.terminated()) break;
    session.Receive(piece, now);
    calls.Work(session);
    const std::size_t before = output.size();
    session.Produce(output, 1u << 16);
    Require(output.size() - before <= (1u << 17), "more output than asked for");
  }
  session.Terminate(ErrorCode::kNoError);
  for (int i = 0; i < 1'000 && !session.finished(); ++i) session.Produce(output, 1u << 16);
  Require(session.finished(), "the session does not end");
}

}  // namespace countersign::fuzz
