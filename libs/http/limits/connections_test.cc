// Many connections, most of them idle: which ones are closed and which are served.
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "libs/async/sleep.h"
#include "libs/http/server.h"
#include "libs/http/testing/http_testing.h"
#include "libs/http/testing/test_certificate.h"

namespace countersign::http::limits {
namespace {

using testing::RawClient;
using testing::Signal;
using testing::TestServer;

constexpr char kRequest[] = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

ServerOptions Limits(std::size_t connections, std::size_t reserved, std::size_t per_source) {
  ServerOptions options;
  options.max_connections = connections;
  options.reserved_for_verified = reserved;
  options.max_unverified_per_source = per_source;
  options.first_byte_timeout = options.idle_timeout = absl::Minutes(5);
  return options;
}

// Verifies callers that request /known.
async::Awaitable<void> Answer(Exchange& exchange) {
  if (exchange.head().target == "/known") exchange.SetVerified();
  (void)co_await exchange.Respond(ResponseHead(), "hello");
}

std::string Ask(RawClient& client, const char* path = "/") {
  client.Send(std::string("GET ") + path + " HTTP/1.1\r\nhost: a\r\n\r\n");
  const std::string head = client.ReadUntil("\r\n\r\n");
  return head.empty() ? "" : client.ReadBytes(5);
}

TEST_CASE("Connections: idle connections do not keep others out", "[http]") {
  TestServer server(Answer, Limits(8, 0, 8));
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(std::make_unique<RawClient>(server.address()));
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.address());
    REQUIRE(Ask(client) == "hello");
  }
  CHECK(silent.front()->ReadAll().empty());  // the oldest was closed
}

TEST_CASE("Connections: an incomplete request counts as idle", "[http]") {
  TestServer server(Answer, Limits(4, 0, 4));
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(std::make_unique<RawClient>(server.address()));
    slow.back()->Send("GET / HTTP/1.1\r\nhost: ");
  }
  RawClient client(server.address());
  CHECK(Ask(client) == "hello");
}

TEST_CASE("Connections: a verified connection outlasts any number of idle ones", "[http]") {
  TestServer server(Answer, Limits(6, 2, 100));
  RawClient known(server.address());
  REQUIRE(Ask(known, "/known") == "hello");
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 30; ++i) silent.push_back(std::make_unique<RawClient>(server.address()));
  RawClient last(server.address());
  CHECK(Ask(last) == "hello");  // so all earlier ones have been accepted
  CHECK(Ask(known) == "hello");
}

TEST_CASE("Connections: one source has a limited number of unverified connections", "[http]") {
  Signal started, release;
  TestServer server(
      [&](Exchange& exchange) -> async::Awaitable<void> {
        if (exchange.head().target == "/held") {
          started.Set();
          co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
          co_return;
        }
        (void)co_await exchange.Respond(ResponseHead(), "hello");
      },
      Limits(100, 0, 1));
  RawClient busy(server.address());
  busy.Send("GET /held HTTP/1.1\r\nhost: a\r\n\r\n");
  REQUIRE(started.Wait());
  RawClient refused(server.address());
  refused.Send(kRequest);
  CHECK(refused.ReadAll().empty());  // closed without a response
  busy.Close();
  std::string answer;
  while (answer.empty()) {  // until the server has seen that it left
    RawClient next(server.address());
    answer = Ask(next);
  }
  CHECK(answer == "hello");
}

TEST_CASE("Connections: a new connection has less time for its first byte than a used one",
          "[http]") {
  ServerOptions options = Limits(100, 0, 100);
  options.first_byte_timeout = absl::Milliseconds(500);  // `used` must be faster
  TestServer server(Answer, options);
  RawClient used(server.address());
  CHECK(Ask(used) == "hello");
  RawClient silent(server.address());
  CHECK(silent.ReadAll().empty());
  CHECK(Ask(used) == "hello");  // it idled for longer than that
}

TEST_CASE("Connections: an unfinished TLS handshake has the same time limit", "[http]") {
  const testing::TestCertificate certificate("IP:127.0.0.1");
  ServerOptions options = Limits(100, 0, 100);
  options.first_byte_timeout = absl::Milliseconds(30);
  TestServer server(
      Answer, options,
      security::ServerTls(certificate.certificate_file(), certificate.key_file()).value());
  RawClient client(server.address());
  client.Send("\x16\x03\x01");  // a record's beginning
  CHECK(client.ReadAll().empty());
}

}  // namespace
}  // namespace countersign::http::limits
