// What is special about HTTP/2; what both versions promise is in server_contract_test.cc.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "libs/async/group.h"
#include "libs/async/sleep.h"
#include "libs/http/server.h"
#include "libs/http/testing/http2_client.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http::http2 {
namespace {

using testing::Http2Client;
using testing::Signal;
using testing::TestServer;

constexpr std::uint32_t kNoError = 0, kInternalError = 2, kRefused = 7, kCancel = 8;

async::Awaitable<void> Echo(Exchange& exchange) {
  const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
  (void)co_await exchange.Respond(ResponseHead(), absl::StrCat(exchange.head().target, " ", *body));
}

async::Awaitable<void> UntilStopped(Exchange& exchange) {
  co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
}

TEST_CASE("HTTP/2: the first frame is the server's settings", "[http2]") {
  TestServer server(Echo);
  Http2Client client(server.address());
  const auto frame = client.ReadFrame();
  REQUIRE(frame.has_value());
  CHECK(frame->type == NGHTTP2_SETTINGS);
  CHECK(client.settings().at(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) == 128);
  CHECK(client.settings().at(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE) == 64 << 10);
  CHECK(client.settings().at(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) == 256 << 10);
}

TEST_CASE("HTTP/2: streams are answered independently of their order", "[http2]") {
  Signal first_waits;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    if (exchange.head().target == "/held") {
      first_waits.Set();
      co_await UntilStopped(exchange);
      co_return;
    }
    co_await Echo(exchange);
  });
  Http2Client client(server.address());
  const std::int32_t held = client.Get("/held");
  REQUIRE(first_waits.Wait());
  const auto response = client.Read(client.Post("/next", "body"));
  CHECK(response.status == "200");
  CHECK(response.body == "/next body");
  CHECK(response.fields.at("content-length") == "10");
  CHECK(response.fields.count("date") == 1);
  CHECK(client.response(held).status.empty());
}

TEST_CASE("HTTP/2: a preface that comes byte by byte is recognised", "[http2]") {
  TestServer server(Echo);
  testing::RawClient raw(server.address());
  for (const char c : std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) {
    raw.Send(absl::string_view(&c, 1));
  }
  raw.Send(testing::Encode({NGHTTP2_SETTINGS, 0, 0, ""}));
  CHECK(raw.ReadBytes(9)[3] == NGHTTP2_SETTINGS);
}

TEST_CASE("HTTP/2: a caller that resets its stream cancels its handler only", "[http2]") {
  Signal started, stopped;
  absl::Status why;
  std::atomic<int> refusals{0};
  ServerOptions options;
  options.refuse = [&](int) {
    ++refusals;
    return ServerOptions::Refusal();
  };
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        if (exchange.head().target != "/held") co_return co_await Echo(exchange);
        started.Set();
        co_await UntilStopped(exchange);
        why = exchange.cancellation().cause();
        stopped.Set();
      },
      options);
  Http2Client client(server.address());
  const std::int32_t held = client.Get("/held");
  REQUIRE(started.Wait());
  client.Reset(held);
  REQUIRE(stopped.Wait());
  CHECK(absl::IsCancelled(why));
  CHECK(client.Read(client.Get("/next")).body == "/next ");
  CHECK(refusals == 0);
}

TEST_CASE("HTTP/2: an unfinished response is reset, after what was written", "[http2]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write("piece");
  });
  Http2Client client(server.address());
  const auto response = client.Read(client.Get("/"));
  CHECK(response.status == "200");
  CHECK(response.body == "piece");
  CHECK_FALSE(response.complete);
  CHECK(response.reset == kInternalError);
}

TEST_CASE("HTTP/2: a body that is not wanted is stopped without an error", "[http2]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Respond(ResponseHead(), "no, thank you");
  });
  Http2Client client(server.address());
  const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
  client.Data(stream, "some", false);
  CHECK(client.Read(stream).body == "no, thank you");
  while (!client.response(stream).reset.has_value()) REQUIRE(client.ReadFrame().has_value());
  CHECK(client.response(stream).reset == kNoError);
}

TEST_CASE("HTTP/2: pieces and trailers pass in both directions", "[http2]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    while (true) {
      const absl::StatusOr<std::string> piece = co_await exchange.ReadPiece(absl::Minutes(1));
      if (!piece.ok()) co_return;
      if (piece->empty()) break;
      (void)co_await exchange.Write(*piece);
    }
    Headers trailers;
    trailers.Add("Got", exchange.trailers().Get("sent"));
    (void)co_await exchange.Finish(std::move(trailers));
  });
  Http2Client client(server.address());
  const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
  for (const char* piece : {"one", "three"}) {
    client.Data(stream, piece, false);
    const std::size_t length = client.response(stream).body.size();
    CHECK(client.ReadBody(stream, length + std::string(piece).size()) ==
          (length == 0 ? "one" : "onethree"));
  }
  client.Send({NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream,
               Http2Client::EncodeFields({{"sent", "value"}})});
  const auto response = client.Read(stream);
  CHECK(response.complete);
  CHECK(response.trailers.at("got") == "value");
}

TEST_CASE("HTTP/2: a piece that does not come in time is an error", "[http2]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    const auto piece = co_await exchange.ReadPiece(absl::Milliseconds(10));
    (void)co_await exchange.Respond(ResponseHead(), piece.status().ToString());
  });
  Http2Client client(server.address());
  const auto response = client.Read(client.Request(Http2Client::Head("POST", "/"), false));
  CHECK(absl::StrContains(response.body, "DEADLINE_EXCEEDED"));
}

TEST_CASE("HTTP/2: a cancelled call's read of a piece returns the cause", "[http2]") {
  Signal started;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    started.Set();
    const auto piece = co_await exchange.ReadPiece(absl::Minutes(1));
    (void)co_await exchange.Respond(ResponseHead(), piece.status().ToString());
  });
  Http2Client client(server.address());
  const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
  REQUIRE(started.Wait());
  server.listener().Drain(absl::Milliseconds(10));
  CHECK(absl::StrContains(client.Read(stream).body, "ABORTED"));
}

TEST_CASE("HTTP/2: the caller may send no more than its handler reads", "[http2]") {
  ServerOptions options;
  options.http2.stream_window = 1'000;
  Signal started, go_on;
  async::Cancellation reading;
  async::EventLoop* loop = nullptr;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        loop = &exchange.executor().loop();
        started.Set();
        co_await async::UntilCancelled(exchange.executor(), reading);
        co_await Echo(exchange);
      },
      options);
  Http2Client client(server.address());
  const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
  REQUIRE(started.Wait());
  while (client.settings().empty()) client.ReadFrame();
  client.Data(stream, std::string(1'000, 'x'), false);
  client.Send({NGHTTP2_PING, 0, 0, "01234567"});
  auto frame = client.ReadFrame();
  while (frame.has_value() && frame->type != NGHTTP2_PING) {
    CHECK_FALSE((frame->type == NGHTTP2_WINDOW_UPDATE && frame->stream == stream));
    frame = client.ReadFrame();
  }
  loop->Post([&] { reading.Cancel(absl::AbortedError("go on")); });
  while (frame.has_value() && (frame->type != NGHTTP2_WINDOW_UPDATE || frame->stream != stream)) {
    frame = client.ReadFrame();
  }
  client.Data(stream, "y", true);
  CHECK(client.Read(stream).body == "/ " + std::string(1'000, 'x') + "y");
}

TEST_CASE("HTTP/2: a writer waits for the caller's window", "[http2]") {
  Signal written;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write(std::string(100, 'x'));
    written.Set();
    (void)co_await exchange.Finish();
  });
  // Initial window: 10 bytes.
  Http2Client client(server.address(), absl::StrCat(testing::Number(4, 2), testing::Number(10)));
  const std::int32_t stream = client.Get("/");
  CHECK(client.ReadBody(stream, 10).size() == 10);
  CHECK(client
            .Read(client.Request(
                {{":method", "HEAD"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}}))
            .status == "200");
  CHECK(client.response(stream).body.size() == 10);
  client.OpenWindow(stream, 91);  // the end needs an open window, too
  CHECK(client.Read(stream).body.size() == 100);
  CHECK(written.Wait());
}

TEST_CASE("HTTP/2: more requests than streams are refused, and may be sent again", "[http2]") {
  ServerOptions options;
  options.http2.max_streams = 2;
  Signal started;
  int running = 0;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        if (exchange.head().target != "/held") co_return co_await Echo(exchange);
        if (++running == 2) started.Set();
        co_await UntilStopped(exchange);
      },
      options);
  Http2Client client(server.address());
  const std::int32_t held = client.Get("/held");
  client.Get("/held");
  REQUIRE(started.Wait());
  CHECK(client.Read(client.Get("/")).reset == kRefused);
  client.Reset(held);
  Http2Client::Response response;
  while (response.status.empty()) response = client.Read(client.Get("/again"));
  CHECK(response.body == "/again ");
}

TEST_CASE("HTTP/2: malformed requests are reset", "[http2]") {
  TestServer server(Echo);
  Http2Client client(server.address());
  for (Http2Client::Fields more :
       {Http2Client::Fields{{"connection", "close"}},
        Http2Client::Fields{{"transfer-encoding", "chunked"}}, Http2Client::Fields{{"te", "gzip"}},
        Http2Client::Fields{{"Upper", "case"}}, Http2Client::Fields{{"x", "a\r\nb"}},
        Http2Client::Fields{{"content-length", "5"}}, Http2Client::Fields{{":path", "/"}}}) {
    CAPTURE(more.front().first);
    Http2Client::Fields fields = Http2Client::Head("POST", "/");
    fields.insert(fields.end(), more.begin(), more.end());
    const auto response = client.Read(client.Request(fields));
    CHECK(response.status.empty());
    CHECK(response.reset == 1u);  // PROTOCOL_ERROR
  }
}

TEST_CASE("HTTP/2: requests that HTTP/1.1 answers 400 are answered 400", "[http2]") {
  TestServer server(Echo);
  Http2Client client(server.address());
  for (const char* path : {"*", "/a#b", "x"}) {
    CAPTURE(path);
    const auto response = client.Read(client.Get(path));
    CHECK((response.status == "400" || response.reset == 1u));
  }
  CHECK(client.Read(client.Get("/")).status == "200");
}

TEST_CASE("HTTP/2: a drain lets streams finish and takes what is on its way", "[http2]") {
  Signal started, draining;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    if (exchange.head().target == "/held") {
      started.Set();
      (void)co_await exchange.ReadBody();
    }
    co_await Echo(exchange);
  });
  Http2Client client(server.address());
  client.answer_pings = false;
  const std::int32_t held = client.Request(Http2Client::Head("POST", "/held"), false);
  REQUIRE(started.Wait());
  std::thread drain([&] { server.listener().Drain(absl::Minutes(1)); });
  std::string ping;
  while (ping.empty() || !client.goaway().has_value()) {
    const auto frame = client.ReadFrame();
    REQUIRE(frame.has_value());
    if (frame->type == NGHTTP2_PING) ping = frame->payload;
  }
  CHECK(client.goaway() == kNoError);
  CHECK(client.goaway_last_stream() == 0x7fffffff);
  CHECK(client.Read(client.Get("/late")).body == "/late ");
  client.Send({NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, ping});
  client.Data(held, "", true);
  CHECK(client.Read(held).status == "200");
  CHECK(client.ReadToEnd() == kNoError);
  CHECK(client.goaway_last_stream() == 3);
  drain.join();
}

async::Awaitable<void> ReadTo(Exchange& exchange, std::string& text, Signal& read) {
  absl::StatusOr<std::string> piece;
  while ((piece = co_await exchange.ReadPiece(absl::InfiniteDuration())).ok() && !piece->empty()) {
    text += *piece;
    read.Set();
  }
}

TEST_CASE("HTTP/2: a piece is read while another waits for its caller's window", "[http2]") {
  Signal read;
  std::string text;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    async::Group reader(exchange.executor());
    reader.Start(ReadTo(exchange, text, read));
    const absl::Status written = co_await exchange.Write("answer");
    if (written.ok()) (void)co_await exchange.Finish();
  });
  // SETTINGS_INITIAL_WINDOW_SIZE of zero.
  Http2Client client(server.address(),
                     testing::Number(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + testing::Number(0));
  const std::int32_t stream = client.Request(Http2Client::Head("POST", "/"), false);
  client.Data(stream, "asked", false);
  REQUIRE(read.Wait());
  CHECK(client.response(stream).body.empty());
  client.OpenWindow(stream, 100);
  CHECK(client.Read(stream).body == "answer");
  CHECK(text == "asked");
}

TEST_CASE("HTTP/2: a drain that ends cancels what is left", "[http2]") {
  Signal started;
  absl::Status why;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    started.Set();
    co_await UntilStopped(exchange);
    why = exchange.cancellation().cause();
    (void)co_await exchange.Write("stopped");
    (void)co_await exchange.Finish();
  });
  Http2Client client(server.address());
  const std::int32_t stream = client.Get("/");
  REQUIRE(started.Wait());
  server.listener().Drain(absl::Milliseconds(10));
  CHECK(client.Read(stream).body == "stopped");
  CHECK(absl::IsAborted(why));
}

TEST_CASE("HTTP/2: a cancelled handler's stream is reset with CANCEL", "[http2]") {
  Signal started;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    started.Set();
    co_await UntilStopped(exchange);
  });
  Http2Client client(server.address());
  const std::int32_t stream = client.Get("/");
  REQUIRE(started.Wait());
  server.listener().Drain(absl::Milliseconds(10));
  CHECK(client.Read(stream).reset == kCancel);
}

}  // namespace
}  // namespace countersign::http::http2
