// Callers that try to make the server work or store without end: each is stopped while it sends.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/http/server.h"
#include "libs/http/testing/http2_client.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http::http2 {
namespace {

using testing::Frame;
using testing::Http2Client;
using testing::Signal;
using testing::TestServer;

constexpr std::uint32_t kEnhanceYourCalm = 0xb;

async::Awaitable<void> Answer(Exchange& exchange) {
  (void)co_await exchange.ReadBody();
  (void)co_await exchange.Respond(ResponseHead(), "hello");
}

ServerOptions Strict() {
  ServerOptions options;
  options.http2.idle_frames = {50, 0};
  options.http2.resets = {10, 0};
  return options;
}

void Flood(Http2Client& client, const Frame& frame) {
  for (int i = 0; i < 200; ++i) client.Send(frame);  // far more than the limit
}

TEST_CASE("Hostile: floods of frames without content end the connection", "[http2]") {
  TestServer server(Answer, Strict());
  Http2Client client(server.address());
  SECTION("SETTINGS") { Flood(client, {NGHTTP2_SETTINGS, 0, 0, ""}); }
  SECTION("PING") { Flood(client, {NGHTTP2_PING, 0, 0, "01234567"}); }
  SECTION("PRIORITY") { Flood(client, {NGHTTP2_PRIORITY, 0, 1, testing::Number(3) + "x"}); }
  SECTION("unknown frames") { Flood(client, {0x77, 0, 0, "x"}); }
  SECTION("WINDOW_UPDATE") { Flood(client, {NGHTTP2_WINDOW_UPDATE, 0, 0, testing::Number(1)}); }
  SECTION("DATA without data") {
    const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
    Flood(client, {NGHTTP2_DATA, 0, stream, ""});
  }
  SECTION("DATA of padding") {
    const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
    Flood(client, {NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, stream, std::string("\x04\0\0\0\0", 5)});
  }
  CHECK(client.ReadToEnd() == kEnhanceYourCalm);
}

TEST_CASE("Hostile: streams that are reset at once end the connection", "[http2]") {
  TestServer server(Answer, Strict());
  Http2Client client(server.address());
  SECTION("by the caller") {
    for (int i = 0; i < 30; ++i) client.Reset(client.Get("/"));
  }
  SECTION("by the server, because they are malformed") {
    for (int i = 0; i < 30; ++i) client.Request({{":method", "GET"}});
  }
  SECTION("by the server, because the window is too large") {
    for (int i = 0; i < 30; ++i) {
      client.OpenWindow(client.Request(Http2Client::Head("POST", "/"), false), 0x7fffffff);
    }
  }
  CHECK(client.ReadToEnd() == kEnhanceYourCalm);
}

TEST_CASE("Hostile: handlers of cancelled streams count until they have ended", "[http2]") {
  ServerOptions options;
  options.http2.max_streams = 3;
  Signal all;
  int running = 0;
  int most = 0;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        most = std::max(most, ++running);
        if (exchange.head().target == "/last") all.Set();
        co_await async::Sleep(exchange.executor(), absl::Milliseconds(5));  // although cancelled
        --running;
      },
      options);
  Http2Client client(server.address());
  for (int i = 0; i < 20; ++i) client.Reset(client.Get("/"));
  Http2Client::Response response;
  while (response.status.empty()) {
    response = client.Read(client.Get("/last"));
    REQUIRE_FALSE(client.goaway().has_value());
  }
  CHECK(all.Wait());
  CHECK(most <= 3);
}

TEST_CASE("Hostile: a header list above the limit is answered 431", "[http2]") {
  ServerOptions options;
  options.max_head_bytes = 8'000;
  options.refuse = testing::RefuseWithStatus;
  TestServer server(Answer, options);
  Http2Client client(server.address());
  Http2Client::Fields fields = Http2Client::Head("GET", "/");
  SECTION("bytes") { fields.emplace_back("x", std::string(9'000, 'y')); }
  SECTION("fields") {
    for (int i = 0; i < 101; ++i) fields.emplace_back("a", "b");
  }
  const auto response = client.Read(client.Request(fields));
  CHECK(response.status == "431");
  CHECK(response.body == "refused 431");
  CHECK(client.Read(client.Get("/")).body == "hello");  // the connection goes on
}

TEST_CASE("Hostile: a header list far above the limit ends the connection", "[http2]") {
  ServerOptions options;
  options.max_head_bytes = 4'000;
  TestServer server(Answer, options);
  Http2Client client(server.address());
  const std::string block = Http2Client::EncodeFields(Http2Client::Head("GET", "/"));
  SECTION("with one byte for each field, from the table") {
    client.Send(
        {NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, block + std::string(10'000, '\x90')});
  }
  SECTION("in CONTINUATION frames without end") {
    client.Send({NGHTTP2_HEADERS, 0, 1, block});
    const std::string piece = Http2Client::EncodeFields({{"x", std::string(900, 'y')}});
    for (int i = 0; i < 200 && client.TrySend({NGHTTP2_CONTINUATION, 0, 1, piece}); ++i) {
    }
  }
  SECTION("in CONTINUATION frames of one byte") {
    client.Send({NGHTTP2_HEADERS, 0, 1, ""});
    for (int i = 0; i < 200; ++i) {
      if (!client.TrySend({NGHTTP2_CONTINUATION, 0, 1, block.substr(0, 1)})) break;
    }
  }
  CHECK(client.ReadToEnd() == kEnhanceYourCalm);
}

TEST_CASE("Hostile: a header list has one time limit, however it is spread", "[http2]") {
  ServerOptions options;
  options.head_timeout = absl::Milliseconds(30);
  TestServer server(Answer, options);
  Http2Client client(server.address());
  while (client.settings().empty()) client.ReadFrame();  // nothing may interrupt a header list
  client.Send({NGHTTP2_HEADERS, 0, 1, Http2Client::EncodeFields({{":method", "GET"}})});
  CHECK(client.ReadToEnd() == kEnhanceYourCalm);
}

TEST_CASE("Hostile: a caller that sends no settings is dropped", "[http2]") {
  ServerOptions options;
  options.first_byte_timeout = absl::Milliseconds(30);
  TestServer server(Answer, options);
  testing::RawClient client(server.address());
  client.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client.ReadAll();
  SUCCEED("the server has closed the connection");
}

TEST_CASE("Hostile: pings do not keep an idle connection", "[http2]") {
  ServerOptions options;
  options.idle_timeout = absl::Milliseconds(50);
  options.http2.idle_frames.burst = 1e9;  // a fast caller sends many in that time
  TestServer server(Answer, options);
  Http2Client client(server.address());
  CHECK(client.Read(client.Get("/")).body == "hello");
  while (client.TrySend({NGHTTP2_PING, 0, 0, "01234567"}) && client.ReadFrame().has_value()) {
    if (client.goaway().has_value()) break;
  }
  CHECK(client.ReadToEnd() == 0u);
}

TEST_CASE("Hostile: a window that opens byte by byte has the writer's deadline", "[http2]") {
  ServerOptions options;
  options.write_timeout = absl::Milliseconds(50);
  Signal over;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        (void)co_await exchange.Begin(ResponseHead());
        const absl::Status status = co_await exchange.Write(std::string(1'000, 'x'));
        if (absl::IsDeadlineExceeded(status)) over.Set();
      },
      options);
  Http2Client client(server.address(), absl::StrCat(testing::Number(4, 2), testing::Number(0)));
  const std::int32_t stream = client.Get("/");
  SECTION("never") {}
  SECTION("once") { client.OpenWindow(stream, 1); }
  CHECK(over.Wait());
  CHECK(client.Read(stream).reset == 8u);  // CANCEL
}

TEST_CASE("Hostile: a window that opens byte by byte is a flood", "[http2]") {
  TestServer server(
      [](Exchange& exchange) -> async::Awaitable<void> {
        (void)co_await exchange.Respond(ResponseHead(), std::string(100'000, 'x'));
      },
      Strict());
  Http2Client client(server.address(), absl::StrCat(testing::Number(4, 2), testing::Number(0)));
  Flood(client, {NGHTTP2_WINDOW_UPDATE, 0, client.Get("/"), testing::Number(1)});
  CHECK(client.ReadToEnd() == kEnhanceYourCalm);
}

TEST_CASE("Hostile: a caller that reads nothing is dropped while it sends", "[http2]") {
  ServerOptions options;
  options.write_timeout = absl::Milliseconds(200);
  TestServer server(
      [](Exchange& exchange) -> async::Awaitable<void> {
        (void)co_await exchange.Respond(ResponseHead(), std::string(60'000, 'x'));
      },
      options);
  Http2Client client(server.address());
  client.OpenWindow(0, 1u << 30);
  const std::string block = Http2Client::EncodeFields(Http2Client::Head("GET", "/"));
  const std::uint8_t flags = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM;
  for (int stream = 1; client.TrySend({NGHTTP2_HEADERS, flags, stream, block}); stream += 2) {
  }
  SUCCEED("the server has closed the connection");
}

TEST_CASE("Hostile: a body that trickles in has a time limit, and its stream ends", "[http2]") {
  ServerOptions options;
  options.body_total_timeout = absl::Milliseconds(50);
  Signal over;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
        if (absl::IsDeadlineExceeded(body.status())) over.Set();
        ResponseHead head;
        head.status = 408;
        (void)co_await exchange.Respond(std::move(head), "");
      },
      options);
  Http2Client client(server.address());
  const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
  client.Data(stream, "x", false);
  CHECK(over.Wait());
  CHECK(client.Read(stream).status == "408");
}

TEST_CASE("Hostile: unread bodies of all streams share one window", "[http2]") {
  ServerOptions options;
  options.http2.connection_window = 100'000;
  Signal started;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        started.Set();
        co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
      },
      options);
  Http2Client client(server.address());
  const std::int32_t first = client.Request(Http2Client::Head("POST", "/"), false);
  const std::int32_t second = client.Request(Http2Client::Head("POST", "/"), false);
  client.Data(first, std::string(60'000, 'x'), false);
  client.Data(second, std::string(60'000, 'x'), false);
  CHECK(client.ReadToEnd() == 3u);  // FLOW_CONTROL_ERROR
}

TEST_CASE("Hostile: what is no HTTP/2 ends the connection", "[http2]") {
  TestServer server(Answer);
  Http2Client client(server.address());
  SECTION("a frame that is too large") {
    client.raw().Send(absl::StrCat(testing::Number(20'000, 3), std::string("\0\0\0\0\0\1", 6)));
  }
  SECTION("a header list that cannot be decoded") {
    client.Send({NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff"});
  }
  SECTION("DATA without a stream") { client.Send({NGHTTP2_DATA, 0, 1, "x"}); }
  SECTION("a push") { client.Send({NGHTTP2_PUSH_PROMISE, 4, 1, testing::Number(2)}); }
  CHECK(client.ReadToEnd() > 0);
}

}  // namespace
}  // namespace countersign::http::http2
