// Upstreams of HTTP/2 that break the rules or exceed limits: each loses its connection or stream,
// its answer is no answer, and the next request is served by a new connection.
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/http/testing/client_fixture.h"
#include "libs/http/testing/http2_upstream.h"

namespace countersign::http::http2 {
namespace {

using testing::Answer;
using testing::ClientFixture;
using testing::Frame;
using testing::Http2Client;
using testing::Http2Upstream;
using testing::Local;
using testing::MakeRequest;
using testing::Number;
using Connection = Http2Upstream::Connection;
using Fields = Http2Upstream::Fields;

struct Attack {
  const char* name;
  std::function<void(Connection& connection, std::int32_t stream)> run;
};

void Flood(Connection& connection, const Frame& frame) {
  for (int i = 0; i < 100'000; ++i) {
    if (!connection.Send(frame)) return;
  }
}

// A header list in one HEADERS frame that does not end it, for CONTINUATION to follow.
Frame OpenHead(std::int32_t stream) {
  return {NGHTTP2_HEADERS, 0, stream, Http2Client::EncodeFields({{":status", "200"}})};
}

std::vector<Attack> MakeAttacks() {
  return {
      {"HTTP/1.1",
       [](Connection& connection, std::int32_t) {
         connection.SendBytes("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
       }},
      {"endless interim responses",
       [](Connection& connection, std::int32_t stream) {
         for (int i = 0; i < 20; ++i) connection.Head(stream, {{":status", "103"}});
       }},
      {"a head with too many bytes",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream, {{":status", "200"}, {"x", std::string(10'000, 'x')}});
       }},
      {"a head with too many fields",
       [](Connection& connection, std::int32_t stream) {
         Fields fields = {{":status", "200"}};
         for (int i = 0; i < 40; ++i) fields.emplace_back("x", "y");
         connection.Head(stream, fields);
       }},
      {"trailers with too many fields",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream);
         connection.Head(stream, Fields(40, {"x", "y"}), true);
       }},
      {"a head with a line end",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream, {{":status", "200"}, {"x", "a\r\nb: c"}});
       }},
      {"a head with a field of the connection",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream, {{":status", "200"}, {"transfer-encoding", "chunked"}});
       }},
      {"a head without a status",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream, {{"x", "y"}});
       }},
      {"a status that is none",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream, {{":status", "000"}}, true);
       }},
      {"a body before the head",
       [](Connection& connection, std::int32_t stream) { connection.Data(stream, "body", true); }},
      {"a body that is longer than announced",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream, {{":status", "200"}, {"content-length", "3"}});
         connection.Data(stream, "body", true);
       }},
      {"a body that is shorter than announced",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream, {{":status", "200"}, {"content-length", "5"}});
         connection.Data(stream, "body", true);
       }},
      {"endless CONTINUATION",
       [](Connection& connection, std::int32_t stream) {
         connection.Send(OpenHead(stream));
         Flood(connection, {NGHTTP2_CONTINUATION, 0, stream, ""});
       }},
      {"SETTINGS",
       [](Connection& connection, std::int32_t) {
         Flood(connection, {NGHTTP2_SETTINGS, 0, 0, ""});
       }},
      {"PING",
       [](Connection& connection, std::int32_t) {
         Flood(connection, {NGHTTP2_PING, 0, 0, "12345678"});
       }},
      {"empty DATA",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream);
         Flood(connection, {NGHTTP2_DATA, 0, stream, ""});
       }},
      {"WINDOW_UPDATE",
       [](Connection& connection, std::int32_t) {
         Flood(connection, {NGHTTP2_WINDOW_UPDATE, 0, 0, Number(1)});
       }},
      {"RST_STREAM",
       [](Connection& connection, std::int32_t stream) {
         Flood(connection, {NGHTTP2_RST_STREAM, 0, stream, Number(NGHTTP2_CANCEL)});
       }},
      {"unknown frames",
       [](Connection& connection, std::int32_t) {
         Flood(connection, {0xbe, 0, 0, "x"});
       }},
      {"a window beyond its range",
       [](Connection& connection, std::int32_t) {
         connection.Send({NGHTTP2_WINDOW_UPDATE, 0, 0, Number(0x7fffffff)});
       }},
      {"a pushed response",
       [](Connection& connection, std::int32_t stream) {
         connection.Send({NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, stream,
                          Number(2) + Http2Client::EncodeFields(Http2Client::Head("GET", "/"))});
       }},
      {"a stream of its own", [](Connection& connection, std::int32_t) { connection.Head(2); }},
      {"a frame that is too large",
       [](Connection& connection, std::int32_t stream) {
         connection.Head(stream);
         connection.Data(stream, std::string(20'000, 'x'), false);
       }},
      {"broken compression",
       [](Connection& connection, std::int32_t stream) {
         connection.Send(
             {NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream, "\xff\xff\xff\xff\xff"});
       }},
  };
}

TEST_CASE("Hostile HTTP/2 upstream: each attack fails its call, and the next one succeeds",
          "[http]") {
  for (const Attack& attack : MakeAttacks()) {
    CAPTURE(attack.name);
    Http2Upstream upstream([&](Connection& connection, int number) {
      connection.Begin();
      const std::int32_t stream = connection.ReadRequest();
      if (number == 0) attack.run(connection, stream);
      if (number > 0) connection.Answer(stream);
      connection.Serve();
    });
    ClientOptions options;
    options.max_head_bytes = 4'000;
    options.max_head_fields = 20;
    ClientFixture call(options);
    const Target target = Local(upstream.port(), Version::kHttp2);
    const absl::StatusOr<Answer> attacked = call(target, MakeRequest("POST", "/", "x"));
    CHECK(absl::IsUnavailable(attacked.status()));
    CHECK(GetReason(attacked.status()) != kUnreachable);
    absl::StatusOr<Answer> next = call(target, MakeRequest("POST", "/", "x"));
    // A flood may go on after its call has failed, until its connection is closed.
    if (!next.ok()) next = call(target, MakeRequest("POST", "/", "x"));
    CHECK(next.ok());
  }
}

TEST_CASE("Hostile HTTP/2 upstream: more than the window breaks the answer off", "[http]") {
  std::promise<std::uint8_t> noticed;
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin();
    const std::int32_t stream = connection.ReadRequest();
    connection.Head(stream);
    for (int i = 0; i < 20; ++i) connection.Data(stream, std::string(10'000, 'x'), false);
    while (const std::optional<Frame> frame = connection.ReadFrame()) {
      if (frame->type != NGHTTP2_RST_STREAM && frame->type != NGHTTP2_GOAWAY) continue;
      noticed.set_value(frame->type);
      break;
    }
    connection.ReadToEnd();
  });
  ClientFixture call;
  const Target target = Local(upstream.port(), Version::kHttp2);
  std::unique_ptr<ClientResponse> response;
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    const Request request = MakeRequest("GET", "/");
    response = (co_await call.client.Send(target, request, call.cancellation)).value();
    co_return 0;
  });
  noticed.get_future().get();  // while nothing is read
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    const auto answer = co_await testing::ReadAnswer(*response, call.cancellation);
    CHECK(absl::IsUnavailable(answer.status()));
    response.reset();
    co_return 0;
  });
}

}  // namespace
}  // namespace countersign::http::http2
