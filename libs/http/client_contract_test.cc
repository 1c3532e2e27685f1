// What a client promises in every version of HTTP.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/base/status.h"
#include "libs/http/client.h"
#include "libs/http/testing/client_fixture.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http {
namespace {

using testing::Answer;
using testing::ClientFixture;
using testing::Local;
using testing::MakeRequest;
using testing::Signal;
using testing::TestServer;

// Runs the test with each version.
Version AnyVersion() {
  const Version version = GENERATE(Version::kHttp1, Version::kHttp2);
  UNSCOPED_INFO("HTTP/" << (version == Version::kHttp2 ? "2" : "1.1"));
  return version;
}

async::Awaitable<void> Echo(Exchange& exchange) {
  const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
  ResponseHead head;
  head.headers.Add("x-method", exchange.head().method);
  head.headers.Add("x-host", exchange.head().headers.Get("host"));
  head.headers.Add("x-length", exchange.head().headers.Get("content-length"));
  if (!body.ok()) co_return;
  (void)co_await exchange.Respond(std::move(head), *body);
}

TEST_CASE("Client of any version: a request arrives as it was sent, and its answer comes back",
          "[http]") {
  const Version version = AnyVersion();
  TestServer server(Echo);
  ClientFixture call;
  const std::string body(3'000'000, 'b');
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<Answer> answer =
        call(Local(server.port(), version), MakeRequest("POST", "/a?b=c", body));
    REQUIRE(answer.ok());
    CHECK(answer->status == 200);
    CHECK(answer->body == body);
    CHECK(answer->headers.Get("x-host") == server.address());
    CHECK(answer->headers.Get("x-length") == absl::StrCat(body.size()));
  }
}

TEST_CASE("Client of any version: a POST without a body says that it has none", "[http]") {
  const Version version = AnyVersion();
  TestServer server(Echo);
  ClientFixture call;
  CHECK(call(Local(server.port(), version), MakeRequest("POST", "/"))->headers.Get("x-length") ==
        "0");
  CHECK(call(Local(server.port(), version), MakeRequest("GET", "/"))->headers.Get("x-length") ==
        "");
}

TEST_CASE("Client of any version: an answer without a body ends", "[http]") {
  const Version version = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    ResponseHead head;
    if (exchange.head().method == "GET") head.status = 204;
    (void)co_await exchange.Respond(std::move(head), "body");
  });
  ClientFixture call;
  for (const char* method : {"HEAD", "GET", "HEAD"}) {
    const absl::StatusOr<Answer> answer =
        call(Local(server.port(), version), MakeRequest(method, "/"));
    REQUIRE(answer.ok());
    CHECK(answer->body.empty());
  }
}

TEST_CASE("Client of any version: an answer in pieces is read to its end", "[http]") {
  const Version version = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    for (int i = 0; i < 1'000; ++i) (void)co_await exchange.Write(std::string(1'000, 'a' + i % 26));
    (void)co_await exchange.Finish();
  });
  ClientFixture call;
  for (int i = 0; i < 2; ++i) {
    CHECK(call(Local(server.port(), version), MakeRequest("GET", "/"))->body.size() == 1'000'000);
  }
}

TEST_CASE("Client of any version: an answer that breaks off is an error", "[http]") {
  const Version version = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write("begun");
  });
  ClientFixture call;
  CHECK(absl::IsUnavailable(call(Local(server.port(), version), MakeRequest("GET", "/")).status()));
}

TEST_CASE("Client of any version: an upstream may answer without reading the request", "[http]") {
  const Version version = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    ResponseHead head;
    head.status = 413;
    (void)co_await exchange.Respond(std::move(head), "too large");
  });
  ClientFixture call;
  const std::string body(400'000, 'b');
  const absl::StatusOr<Answer> answer =
      call(Local(server.port(), version), MakeRequest("POST", "/", body));
  REQUIRE(answer.ok());
  CHECK(answer->status == 413);
  CHECK(answer->body == "too large");
}

TEST_CASE("Client of any version: the answer is read while the request is written", "[http]") {
  const Version version = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    while (true) {
      const absl::StatusOr<std::string> piece = co_await exchange.ReadPiece(absl::Minutes(1));
      if (!piece.ok() || piece->empty()) break;
      (void)co_await exchange.Write(*piece);
    }
    (void)co_await exchange.Finish();
  });
  ClientFixture call;
  const Target target = Local(server.port(), version);
  for (int i = 0; i < 2; ++i) {
    testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
      OutgoingHead head;
      head.head = MakeRequest("POST", "/").head;
      auto exchange = co_await call.client.Open(target, head, call.cancellation);
      REQUIRE(exchange.ok());
      const absl::Status begun = co_await (*exchange)->Write("", call.cancellation);
      REQUIRE(begun.ok());
      const absl::Status answered = co_await (*exchange)->ReadHead(call.cancellation);
      REQUIRE(answered.ok());
      for (int piece = 0; piece < 20; ++piece) {
        const std::string text = absl::StrCat("piece ", piece);
        const absl::Status written = co_await (*exchange)->Write(text, call.cancellation);
        REQUIRE(written.ok());
        const auto echoed = co_await (*exchange)->Read(call.cancellation);
        REQUIRE(echoed.value() == text);
      }
      const absl::Status finished = co_await (*exchange)->Finish(Headers(), call.cancellation);
      REQUIRE(finished.ok());
      const auto end = co_await (*exchange)->Read(call.cancellation);
      REQUIRE(end.value().empty());
      co_return 0;
    });
  }
}

TEST_CASE("Client of any version: a missing answer is DEADLINE_EXCEEDED and cancels", "[http]") {
  const Version version = AnyVersion();
  Signal stopped;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.ReadBody();
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
    stopped.Set();
  });
  ClientOptions options;
  options.first_byte_timeout = absl::Milliseconds(30);
  ClientFixture call(options);
  CHECK(absl::IsDeadlineExceeded(
      call(Local(server.port(), version), MakeRequest("POST", "/", "x")).status()));
  CHECK(stopped.Wait());
}

TEST_CASE("Client of any version: silence within an answer is DEADLINE_EXCEEDED and cancels",
          "[http]") {
  const Version version = AnyVersion();
  Signal stopped;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write("first");
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
    stopped.Set();
  });
  ClientOptions options;
  options.idle_timeout = absl::Milliseconds(30);
  ClientFixture call(options);
  CHECK(absl::IsDeadlineExceeded(
      call(Local(server.port(), version), MakeRequest("GET", "/")).status()));
  CHECK(stopped.Wait());
}

TEST_CASE("Client of any version: a cancellation ends the upstream's work and gives its cause",
          "[http]") {
  const Version version = AnyVersion();
  const bool answering = GENERATE(false, true);
  Signal begun, dropped;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    if (answering) {
      (void)co_await exchange.Begin(ResponseHead());
      (void)co_await exchange.Write("first");
    } else {
      (void)co_await exchange.ReadBody();
    }
    begun.Set();
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
    dropped.Set();
  });
  ClientFixture call;
  const Target target = Local(server.port(), version);
  const Request request = MakeRequest("GET", "/");
  auto result = call.Start(target, request);
  REQUIRE(begun.Wait());
  call.Cancel(absl::AbortedError("killed"));
  CHECK(absl::IsAborted(result.get().status()));
  CHECK(dropped.Wait());
}

TEST_CASE("Client of any version: a response that is dropped ends the upstream's work", "[http]") {
  const Version version = AnyVersion();
  Signal dropped;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write("first");
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
    dropped.Set();
  });
  ClientFixture call;
  const Target target = Local(server.port(), version);
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    const Request request = MakeRequest("GET", "/");
    auto response = co_await call.client.Send(target, request, call.cancellation);
    REQUIRE(response.ok());
    co_return 0;
  });
  CHECK(dropped.Wait());
}

TEST_CASE("Client of any version: a reader that does not read slows the sender", "[http]") {
  const Version version = AnyVersion();
  std::atomic<std::size_t> written{0};
  Signal ended;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 1'000; ++i) {
      const absl::Status status = co_await exchange.Write(piece);
      if (!status.ok()) break;
      written += piece.size();
    }
    ended.Set();
  });
  ClientFixture call;
  const Target target = Local(server.port(), version);
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    const Request request = MakeRequest("GET", "/");
    auto response = co_await call.client.Send(target, request, call.cancellation);
    REQUIRE(response.ok());
    const absl::StatusOr<std::string> piece = co_await (*response)->Read(call.cancellation);
    REQUIRE(piece.ok());
    co_return 0;  // destroyed here, unread
  });
  CHECK(ended.Wait());
  CHECK(written < 50'000'000);
}

TEST_CASE("Client of any version: an answer that announces too much is refused", "[http]") {
  const Version version = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Respond(ResponseHead(), exchange.head().target.substr(1));
  });
  ClientOptions options;
  options.max_content_length = 5;
  ClientFixture call(options);
  CHECK(call(Local(server.port(), version), MakeRequest("GET", "/12345"))->body == "12345");
  const absl::Status refused =
      call(Local(server.port(), version), MakeRequest("GET", "/123456")).status();
  CHECK(absl::IsUnavailable(refused));
  CHECK(GetReason(refused) == kProtocol);
}

TEST_CASE("Client of any version: a response outlives its client", "[http]") {
  const Version version = AnyVersion();
  TestServer server(Echo);
  ClientFixture call;
  const Target target = Local(server.port(), version);
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    auto client = std::make_unique<Client>(call.workers.at(0), ClientOptions());
    const std::string body(100'000, 'x');
    const Request request = MakeRequest("POST", "/", body);
    auto response = co_await client->Send(target, request, call.cancellation);
    REQUIRE(response.ok());
    client.reset();
    const auto answer = co_await testing::ReadAnswer(**response, call.cancellation);
    REQUIRE(answer.ok());
    REQUIRE(answer->body == body);
    co_return 0;
  });
}

TEST_CASE("Client of any version: calls in progress survive a drain of the upstream", "[http]") {
  const Version version = AnyVersion();
  constexpr int kCalls = 20;
  Signal all_begun;
  std::atomic<int> begun{0};
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.ReadBody();
    (void)co_await exchange.Begin(ResponseHead());
    if (++begun == kCalls) all_begun.Set();
    for (int i = 0; i < 500; ++i) (void)co_await exchange.Write(std::string(1'000, 'x'));
    (void)co_await exchange.Finish();
  });
  ClientFixture call;
  const Target target = Local(server.port(), version);
  const Request request = MakeRequest("POST", "/", "x");
  std::vector<std::future<absl::StatusOr<Answer>>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(call.Start(target, request));
  REQUIRE(all_begun.Wait());
  server.listener().Drain(absl::Minutes(1));
  for (auto& each : calls) CHECK(each.get().value().body.size() == 500'000);
}

}  // namespace
}  // namespace countersign::http
