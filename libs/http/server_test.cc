#include "libs/http/server.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;
using testing::RawClient;
using testing::Signal;
using testing::TestServer;

ResponseHead Ok() {
  ResponseHead head;
  head.headers.Add("content-type", "text/plain");
  return head;
}

// Answers with the method, the target and the body of the request.
async::Awaitable<void> Echo(Exchange& exchange) {
  const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
  ResponseHead head = Ok();
  std::string text;
  if (body.ok()) {
    text = absl::StrCat(exchange.head().method, " ", exchange.head().target, " ", *body);
  } else {
    head.status = absl::IsResourceExhausted(body.status()) ? 413 : 400;
    text = std::string(body.status().message());
  }
  (void)co_await exchange.Respond(std::move(head), text);
}

// Suspends until the exchange is cancelled.
async::Awaitable<void> UntilStopped(Exchange& exchange) {
  co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
}

std::string Post(absl::string_view body) {
  return absl::StrCat("POST /x?y=1 HTTP/1.1\r\nhost: a\r\ncontent-length: ", body.size(),
                      "\r\n\r\n", body);
}

TEST_CASE("Server: answers one request after another on a connection", "[http]") {
  TestServer server(Echo);
  RawClient client(server.address());
  for (const char* body : {"one", "two", ""}) {
    client.Send(Post(body));
    const std::string head = client.ReadUntil("\r\n\r\n");
    CHECK(absl::StartsWith(head, "HTTP/1.1 200 OK\r\n"));
    CHECK(absl::StrContains(head, "date: "));
    const std::string expected = absl::StrCat("POST /x?y=1 ", body);
    CHECK(client.ReadBytes(expected.size()) == expected);
  }
}

TEST_CASE("Server: pipelined requests are answered in order", "[http]") {
  TestServer server(Echo);
  RawClient client(server.address());
  client.Send(Post("first") + Post("second") +
              "GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  const std::string all = client.ReadAll();
  const auto first = all.find("POST /x?y=1 first");
  const auto second = all.find("POST /x?y=1 second");
  const auto last = all.find("GET /last ");
  REQUIRE(last != std::string::npos);
  CHECK(first < second);
  CHECK(second < last);
}

TEST_CASE("Server: a request may come byte by byte, and its body in chunks", "[http]") {
  TestServer server(Echo);
  RawClient client(server.address());
  for (const char c : std::string("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n"
                                  "connection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")) {
    client.Send(absl::string_view(&c, 1));
  }
  CHECK(absl::EndsWith(client.ReadAll(), "POST / abcde"));
}

TEST_CASE("Server: a head above the limit is answered 431", "[http]") {
  ServerOptions options;
  options.refuse = testing::RefuseWithStatus;
  TestServer server(Echo, options);
  RawClient client(server.address());
  client.Send(absl::StrCat("GET / HTTP/1.1\r\nhost: a\r\nx: ", std::string(70'000, 'y')));
  client.Send("\r\n\r\n");
  const std::string answer = client.ReadAll();
  CHECK(absl::StartsWith(answer, "HTTP/1.1 431 "));
  CHECK(absl::EndsWith(answer, "refused 431"));
}

TEST_CASE("Server: a head of 60,000 bytes is within the limit", "[http]") {
  TestServer server(Echo);
  RawClient client(server.address());
  client.Send(absl::StrCat("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: ",
                           std::string(60'000, 'y'), "\r\n\r\n"));
  CHECK(absl::StartsWith(client.ReadAll(), "HTTP/1.1 200 "));
}

TEST_CASE("Server: a head of many fields is answered 431 before it is complete", "[http]") {
  TestServer server(Echo);
  const auto fields = [](int count) {
    std::string head = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    for (int i = 2; i < count; ++i) head += "a:b\r\n";
    return head;
  };
  RawClient passes(server.address());
  passes.Send(fields(100) + "\r\n");
  CHECK(absl::StartsWith(passes.ReadAll(), "HTTP/1.1 200 "));
  RawClient refused(server.address());
  refused.Send(fields(101));
  CHECK(absl::StartsWith(refused.ReadAll(), "HTTP/1.1 431 "));
}

TEST_CASE("Server: a head sent line by line has the same limits", "[http]") {
  TestServer server(Echo);
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nhost: a\r\n");
  const std::string line = "x: " + std::string(995, 'y') + "\r\n";
  int sent = 0;
  while (sent < 100 && client.TrySend(line)) ++sent;
  CHECK(absl::StartsWith(client.ReadAll(), "HTTP/1.1 431 "));
}

TEST_CASE("Server: a target in absolute form determines the host", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    const RequestHead& head = exchange.head();
    (void)co_await exchange.Respond(
        Ok(),
        absl::StrCat(head.headers.Get("host"), " ", head.headers.Count("host"), " ", head.target));
  });
  const auto ask = [&](const std::string& target) {
    RawClient client(server.address());
    client.Send(
        absl::StrCat("GET ", target, " HTTP/1.1\r\nhost: other\r\nconnection: close\r\n\r\n"));
    const std::string answer = client.ReadAll();
    return absl::StartsWith(answer, "HTTP/1.1 200 ") ? answer.substr(answer.find("\r\n\r\n") + 4)
                                                     : answer.substr(0, 12);
  };
  CHECK(ask("http://a.example:8080/v1/x?y=1") == "a.example:8080 1 /v1/x?y=1");
  CHECK(ask("HTTPS://[::1]/v1") == "[::1] 1 /v1");
  CHECK(ask("http://a.example") == "a.example 1 /");
  CHECK(ask("http://a.example?y=/") == "a.example 1 /?y=/");
  CHECK(ask("/http://a/") == "other 1 /http://a/");
  for (const char* target : {"http://", "http:///x", "http:/x", "http", "ftp://a/x", "http://u@a/x",
                             "a/x", "*", "/x#y", "http://a/#y", "://a/"}) {
    CAPTURE(target);
    CHECK(ask(target) == "HTTP/1.1 400");
  }
}

TEST_CASE("Server: empty lines before a request are skipped", "[http]") {
  TestServer server(Echo);
  for (const char* lines : {"\r\n", "\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n"}) {
    RawClient client(server.address());
    client.Send(absl::StrCat(lines, "GET /1 HTTP/1.1\r\nhost: a\r\n\r\n", lines,
                             "GET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
    const std::string all = client.ReadAll();
    CHECK(absl::StrContains(all, "GET /1 "));
    CHECK(absl::EndsWith(all, "GET /2 "));
  }
}

TEST_CASE("Server: malformed and ambiguous requests are answered 400", "[http]") {
  TestServer server(Echo);
  for (const char* request :
       {"GET\r\n\r\n", "GET / HTTP/9.9\r\nhost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
        "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3, 4\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n",
        "GET / HTTP/1.1\r\nho st: a\r\n\r\n"}) {
    RawClient client(server.address());
    client.Send(request);
    CAPTURE(request);
    const std::string answer = client.ReadAll();  // returns, because the connection is closed
    CHECK(absl::StartsWith(answer, "HTTP/1.1 400 "));
    CHECK(absl::StrContains(answer, "connection: close"));
  }
}

TEST_CASE("Server: a body above the limit is refused before it is read", "[http]") {
  ServerOptions options;
  options.max_body_bytes = 1000;
  TestServer server(Echo, options);
  SECTION("by its length") {
    RawClient client(server.address());
    client.Send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\n\r\n");
    CHECK(absl::StartsWith(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 413 "));
  }
  SECTION("while it is being sent, without losing the response") {
    RawClient client(server.address());
    client.Send(Post(std::string(3'000'000, 'x')));
    CHECK(absl::StartsWith(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 413 "));
  }
  SECTION("in chunks") {
    RawClient client(server.address());
    client.Send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    client.Send(absl::StrCat("3e8\r\n", std::string(1000, 'x'), "\r\n1\r\nx\r\n0\r\n\r\n"));
    CHECK(absl::StartsWith(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 413 "));
  }
  SECTION("a handler's own limit") {
    TestServer strict([](Exchange& exchange) -> async::Awaitable<void> {
      const absl::StatusOr<std::string> body = co_await exchange.ReadBody(3);
      ResponseHead head = Ok();
      head.status = body.ok() ? 200 : absl::IsResourceExhausted(body.status()) ? 413 : 400;
      (void)co_await exchange.Respond(std::move(head), "");
    });
    RawClient passes(strict.address());
    passes.Send(Post("xyz"));
    CHECK(absl::StartsWith(passes.ReadUntil("\r\n\r\n"), "HTTP/1.1 200 "));
    RawClient client(strict.address());
    client.Send(Post("wxyz"));
    CHECK(absl::StartsWith(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 413 "));
  }
  SECTION("a body of exactly the limit is accepted") {
    RawClient client(server.address());
    client.Send(Post(std::string(1000, 'x')));
    CHECK(absl::StartsWith(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 200 "));
  }
}

TEST_CASE("Server: a caller that expects 100-continue gets it", "[http]") {
  TestServer server(Echo);
  RawClient client(server.address());
  client.Send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  CHECK(client.ReadUntil("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  CHECK(absl::StartsWith(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 200 "));
}

TEST_CASE("Server: slow heads, slow bodies and idle connections are closed", "[http]") {
  ServerOptions options;
  options.head_timeout = options.body_timeout = absl::Milliseconds(60);
  options.first_byte_timeout = options.idle_timeout = absl::Milliseconds(60);
  TestServer server(Echo, options);
  for (const char* begin :
       {"", "GET / HTTP/1.1\r\nho", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx"}) {
    RawClient client(server.address());
    client.Send(begin);
    CAPTURE(begin);
    const std::string answer = client.ReadAll();
    CHECK((answer.empty() || absl::StartsWith(answer, "HTTP/1.1 400 ")));
  }
}

TEST_CASE("Server: a body that trickles in has a time limit", "[http]") {
  ServerOptions options;
  options.body_timeout = absl::Seconds(30);  // longer than any gap between bytes
  options.body_total_timeout = absl::Milliseconds(100);
  Signal over;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
        if (absl::IsDeadlineExceeded(body.status())) over.Set();
      },
      options);
  RawClient client(server.address());
  client.Send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nx");
  CHECK(over.Wait());
}

TEST_CASE("Server: a streamed response arrives in chunks and ends correctly", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(Ok());
    (void)co_await exchange.Write("one");
    (void)co_await exchange.Write("three");
    (void)co_await exchange.Finish();
  });
  RawClient client(server.address());
  for (int i = 0; i < 2; ++i) {
    client.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    CHECK(absl::StrContains(client.ReadUntil("\r\n\r\n"), "transfer-encoding: chunked"));
    CHECK(client.ReadUntil("0\r\n\r\n") == "3\r\none\r\n5\r\nthree\r\n0\r\n\r\n");
  }
}

TEST_CASE("Server: HTTP/1.0 responses are not chunked", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(Ok());
    (void)co_await exchange.Write("piece");
    (void)co_await exchange.Finish();
  });
  RawClient client(server.address());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  CHECK(absl::EndsWith(client.ReadAll(), "\r\n\r\npiece"));
}

TEST_CASE("Server: a streamed response that its handler does not finish is cut off", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(Ok());
    (void)co_await exchange.Write("piece");
  });
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  CHECK(absl::EndsWith(client.ReadAll(), "\r\n\r\n5\r\npiece\r\n"));
}

TEST_CASE("Server: a handler that does not answer gives 500", "[http]") {
  TestServer server([](Exchange&) -> async::Awaitable<void> { co_return; });
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  CHECK(absl::StartsWith(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 500 "));
}

TEST_CASE("Server: a caller that leaves cancels its handler", "[http]") {
  Signal started, stopped;
  absl::Status why;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    co_await exchange.ReadBody();
    started.Set();
    co_await UntilStopped(exchange);
    why = exchange.cancellation().cause();
    stopped.Set();
  });
  RawClient client(server.address());
  client.Send(Post("hello"));
  REQUIRE(started.Wait());
  client.Close();
  REQUIRE(stopped.Wait());
  CHECK(absl::IsCancelled(why));
}

TEST_CASE("Server: a caller that leaves is noticed even if it sent more than its request",
          "[http]") {
  Signal started, stopped;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    co_await exchange.ReadBody();
    started.Set();
    co_await UntilStopped(exchange);
    stopped.Set();
  });
  RawClient client(server.address());
  SECTION("with the request") { client.Send(Post("hello") + "GET / HTTP/1.1\r\nhost: a\r\n\r\n"); }
  SECTION("later, and more than any buffer holds") {
    client.Send(Post("hello"));
    REQUIRE(started.Wait());
    client.Send(std::string(100'000, 'x'));
  }
  REQUIRE(started.Wait());
  client.Close();
  CHECK(stopped.Wait());
}

TEST_CASE("Server: bytes that arrive while a request is handled are the next request", "[http]") {
  Signal started;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
    if (exchange.head().target == "/slow") {
      started.Set();
      co_await async::Sleep(exchange.executor(), absl::Milliseconds(20));
    }
    (void)co_await exchange.Respond(Ok(), exchange.head().target);
  });
  RawClient client(server.address());
  client.Send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n");
  REQUIRE(started.Wait());
  client.Send(
      "GET /next HTTP/1.1\r\nhost: a\r\n\r\nGET /last HTTP/1.1\r\nhost: a\r\n"
      "connection: close\r\n\r\n");
  const std::string all = client.ReadAll();
  CHECK(absl::StrContains(all, "/slow"));
  CHECK(absl::StrContains(all, "/next"));
  CHECK(absl::EndsWith(all, "/last"));
}

TEST_CASE("Server: a caller that leaves cancels a streamed response, even between pieces",
          "[http]") {
  Signal started, stopped;
  std::atomic<bool> refused{false};
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(Ok());
    (void)co_await exchange.Write("piece");
    started.Set();
    co_await UntilStopped(exchange);
    const absl::Status written = co_await exchange.Write("more");
    refused = !written.ok();
    stopped.Set();
  });
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  REQUIRE(started.Wait());
  client.Close();
  CHECK(stopped.Wait());
  CHECK(refused);
}

TEST_CASE("Server: a caller that reads nothing blocks the writer", "[http]") {
  Signal blocked;
  std::atomic<std::size_t> written{0};
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(Ok());
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 1000; ++i) {
      const absl::Status status = co_await exchange.Write(piece);
      if (!status.ok()) break;
      written += piece.size();
    }
    blocked.Set();
  });
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  client.ReadUntil("\r\n\r\n");
  client.ReadBytes(1000);
  CHECK(written < 50'000'000);  // two sockets' buffers are far smaller
  client.Close();
  CHECK(blocked.Wait());
  CHECK(written < 50'000'000);
}

TEST_CASE("Server: a drain lets a call finish and closes idle connections", "[http]") {
  Signal started, release;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    started.Set();
    co_await async::Sleep(exchange.executor(), absl::Milliseconds(50));
    (void)co_await exchange.Respond(Ok(), "done");
  });
  RawClient idle(server.address());
  RawClient busy(server.address());
  busy.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  REQUIRE(started.Wait());
  server.listener().Drain(absl::Seconds(10));
  CHECK(idle.ReadAll().empty());
  const std::string answer = busy.ReadAll();
  CHECK(absl::StrContains(answer, "connection: close"));
  CHECK(absl::EndsWith(answer, "done"));
  CHECK_THROWS(RawClient(server.address()));
}

TEST_CASE("Server: a drain cancels calls that do not finish in time", "[http]") {
  Signal started;
  absl::Status why;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    started.Set();
    co_await UntilStopped(exchange);
    why = exchange.cancellation().cause();
    (void)co_await exchange.Respond(Ok(), "stopped");
  });
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  REQUIRE(started.Wait());
  server.listener().Drain(absl::Milliseconds(10));
  CHECK(absl::EndsWith(client.ReadAll(), "stopped"));
  CHECK(absl::IsAborted(why));
}

TEST_CASE("Server: an address in use is UNAVAILABLE", "[http]") {
  TestServer server(Echo);
  Workers workers(1);
  CHECK(absl::IsUnavailable(ListenHttp(workers, server.address(), nullptr, {}, Echo).status()));
}

}  // namespace
}  // namespace countersign::http
