#include "libs/http/client.h"
#include "libs/base/mutex.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/base/status.h"
#include "libs/http/testing/client_fixture.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::Local;
using testing::Signal;
using testing::TestServer;

// The whole body of an answer.
struct Fixture : testing::ClientFixture {
  using ClientFixture::ClientFixture;
  absl::StatusOr<std::string> operator()(const Target& target, const Request& request) {
    absl::StatusOr<testing::Answer> answer = ClientFixture::operator()(target, request);
    if (!answer.ok()) return answer.status();
    return std::move(answer->body);
  }
};

// A server with scripted responses: one string per accepted connection, sent after the request's
// head was read; then the connection is closed.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers)
      : acceptor_(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
        thread_([this, answers = std::move(answers)] {
          for (const std::string& answer : answers) {
            tcp::socket socket(context_);
            boost::system::error_code error;
            acceptor_.accept(socket, error);
            if (error) return;
            std::string seen;
            char data[4096];
            while (seen.find("\r\n\r\n") == std::string::npos && !error) {
              seen.append(data, socket.read_some(asio::buffer(data), error));
            }
            ++requests_;
            asio::write(socket, asio::buffer(answer), error);
          }
        }) {}
  ~ScriptedServer() { thread_.join(); }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int requests() const { return requests_; }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

TEST_CASE("Client: one connection carries many requests", "[http]") {
  Mutex mutex;
  std::set<Exchange*> connections;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    {
      const MutexLock lock(mutex);
      connections.insert(&exchange);
    }
    const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
    (void)co_await exchange.Respond(ResponseHead(), absl::StrCat("got ", *body));
  });
  Fixture call;
  for (int i = 0; i < 5; ++i) {
    CHECK(call(Local(server.port()), testing::MakeRequest("POST", "/", "x")).value() == "got x");
  }
  CHECK(connections.size() == 1);
}

TEST_CASE("Client: reads a streamed body to its end and keeps the connection", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    for (int i = 0; i < 100; ++i) (void)co_await exchange.Write(std::string(1000, 'a' + i % 26));
    (void)co_await exchange.Finish();
  });
  Fixture call;
  for (int i = 0; i < 2; ++i) {
    CHECK(call(Local(server.port()), testing::MakeRequest("GET", "/")).value().size() == 100'000);
  }
}

TEST_CASE("Client: a truncated body is an error", "[http]") {
  ScriptedServer server({"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
                         "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"});
  Fixture call;
  for (int i = 0; i < 2; ++i) {
    CHECK(
        absl::IsUnavailable(call(Local(server.port()), testing::MakeRequest("GET", "/")).status()));
  }
}

TEST_CASE("Client: a body without a length ends with its connection", "[http]") {
  ScriptedServer server({"HTTP/1.1 200 OK\r\n\r\nabc"});
  Fixture call;
  CHECK(call(Local(server.port()), testing::MakeRequest("GET", "/")).value() == "abc");
}

TEST_CASE("Client: interim responses are skipped", "[http]") {
  ScriptedServer server(
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"});
  Fixture call;
  CHECK(call(Local(server.port()), testing::MakeRequest("POST", "/", "x")).value() == "x");
}

TEST_CASE("Client: endless interim responses are an error", "[http]") {
  std::string interim;
  for (int i = 0; i < 17; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  ScriptedServer server({interim.substr(25) + "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
                         interim + "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"});
  Fixture call;
  CHECK(call(Local(server.port()), testing::MakeRequest("POST", "/", "x")).value() == "x");
  const absl::Status endless =
      call(Local(server.port()), testing::MakeRequest("POST", "/", "x")).status();
  CHECK(absl::IsUnavailable(endless));
  CHECK(absl::StrContains(endless.message(), "endless"));
}

TEST_CASE("Client: heads that parsers interpret differently are errors", "[http]") {
  const std::vector<std::string> heads = {
      "x: one\r\n two\r\ncontent-length: 1\r\n",
      "x: one\ncontent-length: 1\r\n",
      "transfer-encoding: gzip, chunked\r\n",
      "transfer-encoding: gzip\r\n",
      "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
      "transfer-encoding: chunked\r\ncontent-length: 1\r\n",
      "content-length: 1\r\ntransfer-encoding: chunked\r\n"};
  std::vector<std::string> answers;
  for (const std::string& head : heads) {
    answers.push_back(absl::StrCat("HTTP/1.1 200 OK\r\n", head, "\r\n1\r\nx\r\n0\r\n\r\n"));
  }
  ScriptedServer server(answers);
  Fixture call;
  for (const std::string& head : heads) {
    CAPTURE(head);
    CHECK(
        absl::IsUnavailable(call(Local(server.port()), testing::MakeRequest("GET", "/")).status()));
  }
}

TEST_CASE("Client: heads, chunk lines and trailers of an upstream are bounded", "[http]") {
  std::string fields;
  for (int i = 0; i < 300; ++i) fields += "a: b\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  ScriptedServer server({"HTTP/1.1 200 OK\r\n" + fields + "\r\n",
                         chunked + "1;" + std::string(20'000, 'x'),
                         chunked + "0\r\n" + fields + fields + fields + fields + fields});
  Fixture call;
  for (int i = 0; i < 3; ++i) {
    CHECK(
        absl::IsUnavailable(call(Local(server.port()), testing::MakeRequest("GET", "/")).status()));
  }
}

TEST_CASE("Client: a POST without a response is not repeated", "[http]") {
  ScriptedServer server({"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""});
  Fixture call;
  CHECK(call(Local(server.port()), testing::MakeRequest("POST", "/", "x")).ok());
  CHECK(absl::IsUnavailable(
      call(Local(server.port()), testing::MakeRequest("POST", "/", "x")).status()));
  CHECK(server.requests() == 2);
}

TEST_CASE("Client: garbage, invalid lengths and endless heads are errors", "[http]") {
  ScriptedServer server({"nonsense\r\n\r\n",
                         "HTTP/1.1 200 OK\r\ncontent-length: 9000000000000000000\r\n\r\n",
                         "HTTP/1.1 200 OK\r\nx: " + std::string(70'000, 'y') + "\r\n\r\n"});
  Fixture call;
  for (int i = 0; i < 3; ++i) {
    const absl::Status status =
        call(Local(server.port()), testing::MakeRequest("GET", "/")).status();
    CHECK(absl::IsUnavailable(status));
    CHECK(GetReason(status) == kProtocol);
  }
}

TEST_CASE("Client: a content-length above the limit is refused", "[http]") {
  ScriptedServer server({"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12345",
                         "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n123456"});
  ClientOptions options;
  options.max_content_length = 5;
  Fixture call(options);
  CHECK(call(Local(server.port()), testing::MakeRequest("GET", "/")).value() == "12345");
  const absl::Status refused =
      call(Local(server.port()), testing::MakeRequest("GET", "/")).status();
  CHECK(absl::IsUnavailable(refused));
  CHECK(absl::StrContains(refused.message(), "too large"));
}

TEST_CASE("Client: an address without a listener is UNAVAILABLE", "[http]") {
  std::uint16_t port = 0;
  {
    TestServer gone([](Exchange&) -> async::Awaitable<void> { co_return; });
    port = gone.port();
  }
  Fixture call;
  const absl::Status status = call(Local(port), testing::MakeRequest("GET", "/")).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(GetReason(status) == kUnreachable);
}

TEST_CASE("Client: a link-local address is never connected to", "[http]") {
  Fixture call;
  Target target = Local(80);
  target.origin.host = "169.254.169.254";
  target.allow_private = true;
  CHECK(absl::IsPermissionDenied(call(target, testing::MakeRequest("GET", "/")).status()));
}

TEST_CASE("Client: header fields that could inject a request are refused", "[http]") {
  Fixture call;
  Request request = testing::MakeRequest("GET", "/");
  request.head.headers.Add("x", "a\r\nb: c");
  CHECK(absl::IsInvalidArgument(call(Local(9), request).status()));
  CHECK(absl::IsInvalidArgument(call(Local(9), testing::MakeRequest("GET", "/a b")).status()));
}

}  // namespace
}  // namespace countersign::http
