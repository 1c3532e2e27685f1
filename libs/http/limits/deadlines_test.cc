// Deadlines in every state of a connection, on both sides. Timeouts that are waited for are short;
// those that must not expire are long.
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/http/client.h"
#include "libs/http/server.h"
#include "libs/http/stream.h"
#include "libs/http/testing/http_testing.h"
#include "libs/http/testing/test_certificate.h"

namespace countersign::http::limits {
namespace {

using boost::asio::ip::tcp;
using testing::RawClient;
using testing::Run;
using testing::Signal;
using testing::TestCertificate;
using testing::TestServer;

constexpr absl::Duration kShort = absl::Milliseconds(30);
constexpr absl::Duration kLong = absl::Minutes(5);

ServerOptions Patient() {
  ServerOptions options;
  options.first_byte_timeout = options.head_timeout = kLong;
  options.body_timeout = options.idle_timeout = kLong;
  options.body_total_timeout = options.write_timeout = kLong;
  return options;
}

async::Awaitable<void> Hello(Exchange& exchange) {
  (void)co_await exchange.ReadBody();
  (void)co_await exchange.Respond(ResponseHead(), "hello");
}

// Accepts connections, reads at most one request on each, and sends nothing.
class SilentServer {
 public:
  SilentServer()
      : acceptor_(context_, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)) {}
  Target target(bool tls = false) const {
    Target target;
    target.origin.tls = tls;
    target.origin.host = "127.0.0.1";
    target.origin.port = acceptor_.local_endpoint().port();
    return target;
  }

 private:
  boost::asio::io_context context_;
  tcp::acceptor acceptor_;  // the kernel completes connections without an accept
};

struct Caller {
  explicit Caller(ClientOptions options) : client(workers.at(0), std::move(options)) {}
  ~Caller() { workers.Stop(); }
  absl::Status Get(const Target& target) {
    Request request;
    request.head.method = "GET";
    request.head.target = "/";
    return Run(workers.executor(0), [&]() -> async::Awaitable<absl::Status> {
      auto response = co_await client.Send(target, request, cancellation);
      if (!response.ok()) co_return response.status();
      while (true) {
        const absl::StatusOr<std::string> piece = co_await (*response)->Read(cancellation);
        if (!piece.ok()) co_return piece.status();
        if (piece->empty()) co_return absl::OkStatus();
      }
    });
  }
  Workers workers{1};
  Client client;
  async::Cancellation cancellation;
};

TEST_CASE("Deadlines: a caller that does not finish its TLS handshake is dropped", "[http]") {
  const TestCertificate certificate("IP:127.0.0.1");
  ServerOptions options = Patient();
  options.first_byte_timeout = kShort;
  TestServer server(
      Hello, options,
      security::ServerTls(certificate.certificate_file(), certificate.key_file()).value());
  RawClient client(server.address());
  client.Send("\x16\x03\x01");  // a record's beginning
  CHECK(client.ReadAll().empty());
}

TEST_CASE("Deadlines: a caller that sends no request is dropped", "[http]") {
  ServerOptions options = Patient();
  SECTION("its first") {
    options.first_byte_timeout = kShort;
    TestServer server(Hello, options);
    RawClient client(server.address());
    CHECK(client.ReadAll().empty());
  }
  SECTION("another one") {
    options.idle_timeout = kShort;
    TestServer server(Hello, options);
    RawClient client(server.address());
    client.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    CHECK(absl::EndsWith(client.ReadAll(), "hello"));
  }
}

TEST_CASE("Deadlines: a head has one time limit, however its bytes are spread", "[http]") {
  ServerOptions options = Patient();
  options.head_timeout = kShort;
  TestServer server(Hello, options);
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nhost: ");
  while (client.TrySend("a")) {
  }
  SUCCEED("the server has closed the connection");
}

TEST_CASE("Deadlines: a body that stalls is an error for the handler", "[http]") {
  ServerOptions options = Patient();
  options.body_timeout = kShort;
  Signal over;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
        if (absl::IsDeadlineExceeded(body.status())) over.Set();
      },
      options);
  RawClient client(server.address());
  client.Send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx");
  CHECK(over.Wait());
}

TEST_CASE("Deadlines: no time limit runs while the handler works", "[http]") {
  ServerOptions options = Patient();
  options.head_timeout = options.body_timeout = options.idle_timeout = kShort;
  options.first_byte_timeout = kShort;
  options.body_total_timeout = options.write_timeout = kShort;
  TestServer server(
      [](Exchange& exchange) -> async::Awaitable<void> {
        co_await async::Sleep(exchange.executor(), 3 * kShort, exchange.cancellation());
        (void)co_await exchange.Respond(ResponseHead(), "slow");
      },
      options);
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  CHECK(absl::EndsWith(client.ReadAll(), "slow"));
}

TEST_CASE("Deadlines: an upstream does not answer the TLS handshake", "[http]") {
  const SilentServer server;
  ClientOptions options;
  options.tls = security::ClientTls("").value();
  options.connect_timeout = kShort;
  Caller caller(options);
  CHECK(absl::IsDeadlineExceeded(caller.Get(server.target(true))));
}

TEST_CASE("Deadlines: an upstream does not answer the request", "[http]") {
  const SilentServer server;
  ClientOptions options;
  options.first_byte_timeout = kShort;
  Caller caller(options);
  CHECK(absl::IsDeadlineExceeded(caller.Get(server.target())));
}

TEST_CASE("Deadlines: an upstream reads nothing of a large request", "[http]") {
  const SilentServer server;
  ClientOptions options;
  options.write_timeout = kShort;
  Caller caller(options);
  const std::string body(64u << 20, 'x');
  Request request;
  request.head.method = "POST";
  request.head.target = "/";
  request.body = body;
  const Target target = server.target();
  const absl::Status status =
      Run(caller.workers.executor(0), [&]() -> async::Awaitable<absl::Status> {
        co_return (co_await caller.client.Send(target, request, caller.cancellation)).status();
      });
  CHECK(absl::IsDeadlineExceeded(status));
}

TEST_CASE("Deadlines: an upstream stalls within its response", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write("piece");
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
  });
  ClientOptions options;
  options.idle_timeout = kShort;
  Caller caller(options);
  Target target;
  target.origin.host = "127.0.0.1";
  target.origin.port = server.port();
  CHECK(absl::IsDeadlineExceeded(caller.Get(target)));
}

TEST_CASE("Deadlines: a call can be cancelled in every state", "[http]") {
  const SilentServer silent;
  ClientOptions options;
  options.tls = security::ClientTls("").value();
  Caller caller(options);
  const bool tls = GENERATE(false, true);
  CAPTURE(tls);
  const Target target = silent.target(tls);
  const absl::Status status =
      Run(caller.workers.executor(0), [&]() -> async::Awaitable<absl::Status> {
        const async::Deadline deadline(caller.workers.executor(0), kShort, caller.cancellation,
                                       absl::AbortedError("killed"));
        Request request;
        request.head.method = "GET";
        request.head.target = "/";
        co_return (co_await caller.client.Send(target, request, caller.cancellation)).status();
      });
  CHECK(status == absl::AbortedError("killed"));
}

}  // namespace
}  // namespace countersign::http::limits
