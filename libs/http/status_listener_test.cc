#include "libs/http/status_listener.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http {
namespace {

std::string Ask(const StatusListener& listener, const std::string& line,
                const std::string& rest = "") {
  testing::RawClient client(listener.address());
  client.Send(absl::StrCat(line, " HTTP/1.1\r\nhost: a\r\nconnection: close\r\n", rest, "\r\n"));
  return client.ReadAll();
}

TEST_CASE("StatusListener: liveness, readiness and metrics", "[http]") {
  std::string missing = "waiting for resources";
  StatusHandlers handlers;
  handlers.not_ready = [&] { return missing; };
  handlers.metrics = [] { return std::string("up 1\n"); };
  const auto listener = StatusListener::Start("127.0.0.1:0", handlers).value();
  CHECK(absl::StartsWith(Ask(*listener, "GET /livez"), "HTTP/1.1 200 "));
  const std::string not_ready = Ask(*listener, "GET /readyz");
  CHECK(absl::StartsWith(not_ready, "HTTP/1.1 503 "));
  CHECK(absl::EndsWith(not_ready, "\r\n\r\nwaiting for resources\n"));
  missing.clear();
  CHECK(absl::StartsWith(Ask(*listener, "GET /readyz?verbose"), "HTTP/1.1 200 "));
  const std::string metrics = Ask(*listener, "GET /metrics");
  CHECK(absl::StrContains(metrics, "content-type: text/plain; version=0.0.4"));
  CHECK(absl::EndsWith(metrics, "up 1\n"));
  CHECK(absl::StrContains(metrics, "cache-control: no-store"));
}

TEST_CASE("StatusListener: everything else is not found", "[http]") {
  const auto listener =
      StatusListener::Start("127.0.0.1:0", {[] { return ""; }, [] { return "up 1\n"; }}).value();
  for (const char* line : {"GET /", "GET /livez/", "GET /LIVEZ", "GET /metrics/x", "GET /?/livez",
                           "POST /livez", "DELETE /readyz", "OPTIONS /metrics"}) {
    INFO(line);
    CHECK(absl::StartsWith(Ask(*listener, line), "HTTP/1.1 404 "));
  }
}

TEST_CASE("StatusListener: HEAD has the status without a body", "[http]") {
  const auto listener =
      StatusListener::Start("127.0.0.1:0", {[] { return "no database"; }, nullptr}).value();
  const std::string answer = Ask(*listener, "HEAD /readyz");
  CHECK(absl::StartsWith(answer, "HTTP/1.1 503 "));
  CHECK(absl::EndsWith(answer, "\r\n\r\n"));
}

TEST_CASE("StatusListener: without handlers it is ready and has no metrics", "[http]") {
  const auto listener = StatusListener::Start("127.0.0.1:0", {}).value();
  CHECK(absl::StartsWith(Ask(*listener, "GET /readyz"), "HTTP/1.1 200 "));
  CHECK(absl::StartsWith(Ask(*listener, "GET /metrics"), "HTTP/1.1 404 "));
}

TEST_CASE("StatusListener: a body is not read", "[http]") {
  const auto listener = StatusListener::Start("127.0.0.1:0", {}).value();
  const std::string answer = Ask(*listener, "GET /livez", "content-length: 100000000\r\n");
  CHECK(absl::StartsWith(answer, "HTTP/1.1 "));
  CHECK(absl::StrContains(answer, "connection: close"));
}

TEST_CASE("StatusListener: an address that is taken or not local is UNAVAILABLE and named",
          "[http]") {
  const auto listener = StatusListener::Start("127.0.0.1:0", {}).value();
  for (const std::string& address : {listener->address(), std::string("192.0.2.1:0")}) {
    const absl::Status status = StatusListener::Start(address, {}).status();
    CHECK(absl::IsUnavailable(status));
    CHECK(absl::StrContains(status.message(), address));
  }
  CHECK_FALSE(StatusListener::Start("nonsense", {}).ok());
}

}  // namespace
}  // namespace countersign::http
