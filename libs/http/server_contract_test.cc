// What a server promises in every version of HTTP.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/async/sleep.h"
#include "libs/http/server.h"
#include "libs/http/testing/http2_client.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http {
namespace {

using testing::Http2Client;
using testing::RawClient;
using testing::Signal;
using testing::TestServer;

struct Reply {
  std::string status;  // empty: none came
  std::map<std::string, std::string> fields;
  std::string body;
  bool complete = false;
};

// One connection of a caller, with one request at a time.
class Caller {
 public:
  virtual ~Caller() = default;
  // Sends a head and a part of its body; `length` is that of the whole body.
  virtual void Begin(const std::string& method, const std::string& path, const std::string& part,
                     std::size_t length) = 0;
  virtual Reply Read() = 0;
  virtual void Leave() = 0;
  virtual bool IsClosed() = 0;  // waits for the server to close the connection

  Reply Ask(const std::string& method, const std::string& path, const std::string& body = "") {
    Begin(method, path, body, body.size());
    return Read();
  }
};

class Http1Caller final : public Caller {
 public:
  explicit Http1Caller(const std::string& address) : raw_(address) {}
  void Begin(const std::string& method, const std::string& path, const std::string& part,
             std::size_t length) override {
    method_ = method;
    raw_.Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nhost: a\r\n",
                           length == 0 ? "" : absl::StrCat("content-length: ", length, "\r\n"),
                           "\r\n", part));
  }
  Reply Read() override {
    Reply reply;
    const std::vector<std::string> lines = absl::StrSplit(raw_.ReadUntil("\r\n\r\n"), "\r\n");
    if (lines.front().size() < 12) return reply;
    reply.status = lines.front().substr(9, 3);
    for (const std::string& line : lines) {
      const std::vector<std::string> field = absl::StrSplit(line, absl::MaxSplits(": ", 1));
      if (field.size() == 2) reply.fields[absl::AsciiStrToLower(field[0])] = field[1];
    }
    if (method_ == "HEAD" || reply.status == "204" || reply.status == "304") {
      reply.complete = true;
    } else if (reply.fields.count("content-length") > 0) {
      std::size_t length = 0;
      CHECK(absl::SimpleAtoi(reply.fields["content-length"], &length));
      reply.body = raw_.ReadBytes(length);
      reply.complete = reply.body.size() == length;
    } else {
      ReadChunks(reply);
    }
    return reply;
  }
  void Leave() override { raw_.Close(); }
  bool IsClosed() override { return raw_.ReadAll().empty(); }

 private:
  void ReadChunks(Reply& reply) {
    while (true) {
      const std::string line = raw_.ReadUntil("\r\n");
      if (line.empty()) return;
      const std::size_t size = std::stoul(line, nullptr, 16);
      const std::string chunk = raw_.ReadBytes(size + 2);
      if (size == 0) {
        reply.complete = true;
        return;
      }
      reply.body += chunk.substr(0, size);
    }
  }
  RawClient raw_;
  std::string method_;
};

class Http2Caller final : public Caller {
 public:
  explicit Http2Caller(const std::string& address) : client_(address) {
    client_.open_windows = true;
  }
  void Begin(const std::string& method, const std::string& path, const std::string& part,
             std::size_t length) override {
    Http2Client::Fields fields = Http2Client::Head(method, path);
    if (length > 0) fields.emplace_back("content-length", absl::StrCat(length));
    stream_ = client_.Request(fields, length == 0);
    if (!part.empty()) client_.Data(stream_, part, part.size() == length);
  }
  Reply Read() override {
    const Http2Client::Response response = client_.Read(stream_);
    return {response.status, response.fields, response.body, response.complete};
  }
  void Leave() override { client_.raw().Close(); }
  bool IsClosed() override {
    client_.ReadToEnd();
    return true;
  }

 private:
  Http2Client client_;
  std::int32_t stream_ = 0;
};

using MakeCaller = std::unique_ptr<Caller> (*)(const std::string& address);
template <typename T>
std::unique_ptr<Caller> Make(const std::string& address) {
  return std::make_unique<T>(address);
}

MakeCaller AnyVersion() {
  const int version = GENERATE(1, 2);
  UNSCOPED_INFO("HTTP/" << version);
  return version == 1 ? Make<Http1Caller> : Make<Http2Caller>;
}

// Answers with the method, the target and the body; callers of /known are verified.
async::Awaitable<void> Echo(Exchange& exchange) {
  const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
  if (exchange.head().target == "/known") exchange.SetVerified();
  ResponseHead head;
  std::string text;
  if (body.ok()) {
    text = absl::StrCat(exchange.head().method, " ", exchange.head().target, " ",
                        exchange.head().headers.Get("host"), " ", *body);
  } else {
    head.status = absl::IsResourceExhausted(body.status()) ? 413 : 400;
    text = std::string(body.status().message());
  }
  (void)co_await exchange.Respond(std::move(head), text);
}

TEST_CASE("Contract: one request after another on a connection", "[http]") {
  const MakeCaller make = AnyVersion();
  TestServer server(Echo);
  const auto caller = make(server.address());
  for (const char* body : {"one", "two", ""}) {
    const Reply reply = caller->Ask("POST", "/x?y=1", body);
    CHECK(reply.status == "200");
    CHECK(reply.fields.count("date") == 1);
    CHECK(reply.body == absl::StrCat("POST /x?y=1 a ", body));
  }
}

TEST_CASE("Contract: a body above the limit is refused, one of the limit is not", "[http]") {
  const MakeCaller make = AnyVersion();
  ServerOptions options;
  options.max_body_bytes = 100'000;
  TestServer server(Echo, options);
  CHECK(make(server.address())->Ask("POST", "/", std::string(100'000, 'x')).status == "200");
  CHECK(make(server.address())->Ask("POST", "/", std::string(100'001, 'x')).status == "413");
}

TEST_CASE("Contract: a head above the limits is answered 431", "[http]") {
  const MakeCaller make = AnyVersion();
  ServerOptions options;
  options.max_head_bytes = 20'000;
  TestServer server(Echo, options);
  CHECK(make(server.address())->Ask("GET", "/" + std::string(19'000, 'x')).status == "200");
  CHECK(make(server.address())->Ask("GET", "/" + std::string(20'000, 'x')).status == "431");
}

TEST_CASE("Contract: a streamed response arrives whole", "[http]") {
  const MakeCaller make = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    for (int i = 0; i < 20; ++i) (void)co_await exchange.Write(std::string(1'000, 'a' + i));
    (void)co_await exchange.Finish();
  });
  const auto caller = make(server.address());
  for (int i = 0; i < 2; ++i) {
    const Reply reply = caller->Ask("GET", "/");
    CHECK(reply.complete);
    CHECK(reply.body.size() == 20'000);
    CHECK(absl::EndsWith(reply.body, "t"));
  }
}

TEST_CASE("Contract: an unfinished response is not taken for a complete one", "[http]") {
  const MakeCaller make = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write("piece");
  });
  const Reply reply = make(server.address())->Ask("GET", "/");
  CHECK(reply.body == "piece");
  CHECK_FALSE(reply.complete);
}

TEST_CASE("Contract: a handler that does not answer gives 500", "[http]") {
  const MakeCaller make = AnyVersion();
  TestServer server([](Exchange&) -> async::Awaitable<void> { co_return; });
  CHECK(make(server.address())->Ask("GET", "/").status == "500");
}

TEST_CASE("Contract: a handler cannot add a framing, a connection's field or a head", "[http]") {
  const MakeCaller make = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    ResponseHead head;
    head.headers.Add("Content-Length", "99");
    head.headers.Add("Transfer-Encoding", "chunked");
    head.headers.Add("x-split", "a\r\nset-cookie: b");
    head.headers.Add("X-Kept", "c");
    (void)co_await exchange.Respond(std::move(head), "body");
  });
  const Reply reply = make(server.address())->Ask("GET", "/");
  CHECK(reply.fields.at("content-length") == "4");
  CHECK(reply.fields.count("transfer-encoding") == 0);
  CHECK(reply.fields.count("x-split") == 0);
  CHECK(reply.fields.count("set-cookie") == 0);
  CHECK(reply.fields.at("x-kept") == "c");
}

TEST_CASE("Contract: responses to HEAD, and 204 and 304, carry no body", "[http]") {
  const MakeCaller make = AnyVersion();
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    ResponseHead head;
    if (exchange.head().target == "/204") head.status = 204;
    if (exchange.head().target == "/304") head.status = 304;
    (void)co_await exchange.Respond(std::move(head), "body");
  });
  const auto caller = make(server.address());
  for (const auto& [method, path] : {std::pair("HEAD", "/"), {"GET", "/204"}, {"GET", "/304"}}) {
    const Reply reply = caller->Ask(method, path);
    CHECK(reply.complete);
    CHECK(reply.body.empty());
  }
}

TEST_CASE("Contract: a caller that leaves cancels its handler", "[http]") {
  const MakeCaller make = AnyVersion();
  Signal started, stopped;
  absl::Status why;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    co_await exchange.ReadBody();
    started.Set();
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
    why = exchange.cancellation().cause();
    stopped.Set();
  });
  const auto caller = make(server.address());
  caller->Begin("POST", "/", "hello", 5);
  REQUIRE(started.Wait());
  caller->Leave();
  REQUIRE(stopped.Wait());
  CHECK(absl::IsCancelled(why));
}

TEST_CASE("Contract: a caller that leaves within its body is an error for the reader", "[http]") {
  const MakeCaller make = AnyVersion();
  Signal started, failed;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    started.Set();
    if (absl::IsCancelled((co_await exchange.ReadBody()).status())) failed.Set();
  });
  const auto caller = make(server.address());
  caller->Begin("POST", "/", "hel", 5);
  REQUIRE(started.Wait());
  caller->Leave();
  CHECK(failed.Wait());
}

TEST_CASE("Contract: a caller that has left is refused nothing", "[http]") {
  const MakeCaller make = AnyVersion();
  const std::size_t length = GENERATE(3, 5);  // it leaves after its body, or within it
  std::atomic<int> refusals{0};
  ServerOptions options;
  options.refuse = [&](int) {
    ++refusals;
    return ServerOptions::Refusal();
  };
  Signal started;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        started.Set();
        const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
        if (!body.ok()) co_return;
        co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
      },
      options);
  const auto caller = make(server.address());
  caller->Begin("POST", "/", "hel", length);
  REQUIRE(started.Wait());
  caller->Leave();
  server.listener().Drain(absl::Minutes(1));
  CHECK(refusals == 0);
}

TEST_CASE("Contract: a caller that reads nothing fails the write", "[http]") {
  const MakeCaller make = AnyVersion();
  ServerOptions options;
  options.write_timeout = absl::Milliseconds(30);
  Signal over;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        absl::Status status = co_await exchange.Begin(ResponseHead());
        const std::string piece(1u << 20, 'x');
        while (status.ok()) status = co_await exchange.Write(piece);
        if (absl::IsDeadlineExceeded(status)) over.Set();
      },
      options);
  const auto caller = make(server.address());
  caller->Begin("GET", "/", "", 0);
  CHECK(over.Wait());
}

TEST_CASE("Contract: no time limit runs while the handler works", "[http]") {
  const MakeCaller make = AnyVersion();
  constexpr absl::Duration kShort = absl::Milliseconds(30);
  ServerOptions options;
  options.first_byte_timeout = options.head_timeout = absl::Minutes(1);
  options.body_timeout = options.idle_timeout = kShort;
  options.body_total_timeout = options.write_timeout = kShort;
  TestServer server(
      [](Exchange& exchange) -> async::Awaitable<void> {
        co_await async::Sleep(exchange.executor(), 3 * kShort, exchange.cancellation());
        (void)co_await exchange.Respond(ResponseHead(), "slow");
      },
      options);
  CHECK(make(server.address())->Ask("GET", "/").body == "slow");
}

TEST_CASE("Contract: an idle connection is closed after its time", "[http]") {
  const MakeCaller make = AnyVersion();
  ServerOptions options;
  options.idle_timeout = absl::Milliseconds(30);
  TestServer server(Echo, options);
  const auto caller = make(server.address());
  CHECK(caller->Ask("GET", "/").status == "200");
  CHECK(caller->IsClosed());
}

TEST_CASE("Contract: a verified connection outlasts any number of idle ones", "[http]") {
  const MakeCaller make = AnyVersion();
  ServerOptions options;
  options.max_connections = 6;
  options.reserved_for_verified = 2;
  TestServer server(Echo, options);
  const auto known = make(server.address());
  REQUIRE(known->Ask("GET", "/known").status == "200");
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 30; ++i) silent.push_back(std::make_unique<RawClient>(server.address()));
  CHECK(make(server.address())->Ask("GET", "/").status == "200");
  CHECK(known->Ask("GET", "/").status == "200");
}

TEST_CASE("Contract: a drain lets a call finish", "[http]") {
  const MakeCaller make = AnyVersion();
  Signal started;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    started.Set();
    co_await async::Sleep(exchange.executor(), absl::Milliseconds(20), exchange.cancellation());
    (void)co_await exchange.Respond(ResponseHead(),
                                    exchange.cancellation().cancelled() ? "cancelled" : "finished");
  });
  const auto caller = make(server.address());
  caller->Begin("GET", "/", "", 0);
  REQUIRE(started.Wait());
  std::thread drain([&] { server.listener().Drain(absl::Minutes(1)); });
  const Reply reply = caller->Read();
  CHECK(reply.body == "finished");
  CHECK(reply.complete);
  CHECK(caller->IsClosed());
  drain.join();
}

TEST_CASE("Contract: a drain without time cuts off what does not end", "[http]") {
  const MakeCaller make = AnyVersion();
  Signal started;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    started.Set();
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
  });
  const auto caller = make(server.address());
  caller->Begin("GET", "/", "", 0);
  REQUIRE(started.Wait());
  server.listener().Drain(absl::ZeroDuration());
  CHECK_FALSE(caller->Read().complete);
}

}  // namespace
}  // namespace countersign::http
