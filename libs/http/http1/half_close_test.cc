// Callers that close their sending direction after the request, as `nc -N` and shell scripts do.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "libs/async/sleep.h"
#include "libs/http/server.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http::http1 {
namespace {

using testing::RawClient;
using testing::Signal;
using testing::TestServer;

constexpr char kRequest[] = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi";

// Responds only when the test says so, if the caller is still connected.
struct Held {
  async::Awaitable<void> Handle(Exchange& exchange) {
    (void)co_await exchange.ReadBody();
    executor = &exchange.executor().loop();
    cancellation = &exchange.cancellation();
    const async::Cancellation::Watch watch(*cancellation, [this] { left.Set(); });
    started.Set();
    co_await async::UntilCancelled(exchange.executor(), waiting);
    if (cancellation->cancelled()) co_return;
    (void)co_await exchange.Respond(ResponseHead(), "hello");
  }
  void Release() {
    executor->Post([this] { waiting.Cancel(absl::AbortedError("go on")); });
  }
  ~Held() {
    if (executor != nullptr) Release();
  }
  async::EventLoop* executor = nullptr;
  async::Cancellation* cancellation = nullptr;
  async::Cancellation waiting;
  Signal started, left;
  TestServer server{[this](Exchange& exchange) { return Handle(exchange); }};
};

TEST_CASE("Half-close: a caller that closes its direction gets its response", "[http]") {
  Held held;
  RawClient client(held.server.address());
  client.Send(kRequest);
  REQUIRE(held.started.Wait());
  client.ShutdownWrite();
  CHECK(client.ReadUntil("\r\n\r\n") == "HTTP/1.1 102 Processing\r\n\r\n");
  held.Release();
  const std::string answer = client.ReadAll();
  CHECK(absl::StartsWith(answer, "HTTP/1.1 200 OK\r\n"));
  CHECK(absl::StrContains(answer, "connection: close\r\n"));
  CHECK(absl::EndsWith(answer, "hello"));
}

TEST_CASE("Half-close: a half-close together with the request changes nothing", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
    co_await async::Sleep(exchange.executor(), absl::Milliseconds(5));
    (void)co_await exchange.Respond(ResponseHead(), body.value_or("?"));
  });
  RawClient client(server.address());
  client.Send(kRequest);
  client.ShutdownWrite();
  CHECK(absl::EndsWith(client.ReadAll(), "\r\n\r\nhi"));
}

TEST_CASE("Half-close: all requests before it are answered", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    co_await async::Sleep(exchange.executor(), absl::Milliseconds(5));
    (void)co_await exchange.Respond(ResponseHead(), exchange.head().target);
  });
  RawClient client(server.address());
  for (const char* target : {"/1", "/2", "/3"}) {
    client.Send(std::string("GET ") + target + " HTTP/1.1\r\nhost: a\r\n\r\n");
  }
  client.ShutdownWrite();
  const std::string all = client.ReadAll();
  for (const char* target : {"\r\n/1", "\r\n/2", "\r\n/3"}) {
    CAPTURE(target);
    CHECK(absl::StrContains(all, target));
  }
}

TEST_CASE("Half-close: a caller that closes completely is noticed before the response", "[http]") {
  Held held;
  RawClient client(held.server.address());
  client.Send(kRequest);
  REQUIRE(held.started.Wait());
  SECTION("at once") { client.Close(); }
  SECTION("after the half-close was seen, when its kernel sends a reset") {
    client.ShutdownWrite();
    client.ReadUntil("\r\n\r\n");
    client.Reset();
  }
  CHECK(held.left.Wait());
}

TEST_CASE("Half-close: after the response has begun it means that the caller left", "[http]") {
  Signal started, left;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.ReadBody();
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write("piece");
    started.Set();
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
    left.Set();
  });
  RawClient client(server.address());
  client.Send(kRequest);
  REQUIRE(started.Wait());
  client.ShutdownWrite();
  CHECK(left.Wait());
}

TEST_CASE("Half-close: over HTTP/1.0, without interim responses, it means that the caller left",
          "[http]") {
  Held held;
  RawClient client(held.server.address());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  REQUIRE(held.started.Wait());
  client.ShutdownWrite();
  CHECK(held.left.Wait());
  held.Release();
  CHECK(client.ReadAll().empty());
}

}  // namespace
}  // namespace countersign::http::http1
