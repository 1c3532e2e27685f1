// Untrusted requests: wrong framing, and requests hidden in other requests.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/mutex.h"
#include "libs/http/server.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http::http1 {
namespace {

using testing::RawClient;
using testing::TestServer;

// Records its requests; answers with the body, or 400.
struct Recording {
  async::Awaitable<void> Handle(Exchange& exchange) {
    const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
    {
      const MutexLock lock(mutex);
      requests.push_back(absl::StrCat(exchange.head().target, " ", body.value_or("?")));
    }
    ResponseHead head;
    head.status = body.ok() ? 200 : 400;
    (void)co_await exchange.Respond(std::move(head), body.value_or("bad body"));
  }
  std::vector<std::string> seen() {
    const MutexLock lock(mutex);
    return requests;
  }
  Mutex mutex;
  std::vector<std::string> requests CS_GUARDED_BY(mutex);
  TestServer server{[this](Exchange& exchange) { return Handle(exchange); }};
};

TEST_CASE("Framing: heads that parsers interpret differently are refused", "[http]") {
  Recording recording;
  for (const char* request : {
           "GET / HTTP/1.1\r\nhost : a\r\n\r\n",  // space before the colon
           "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +3\r\n\r\nabc",
           "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0x3\r\n\r\nabc",
           "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3 3\r\n\r\nabc",
           "POST / HTTP/1.1\r\nhost: a\r\ncontent-length:\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\n\r\n",
           "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: a\r\nx\x01y: b\r\n\r\n", "GET /\r\nhost: a\r\n\r\n",
           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  // TLS to a cleartext port
       }) {
    RawClient client(recording.server.address());
    client.Send(request);
    client.ShutdownWrite();
    CAPTURE(request);
    const std::string answer = client.ReadAll();
    CHECK((answer.empty() || absl::StartsWith(answer, "HTTP/1.1 400 ")));
  }
  CHECK(recording.seen().empty());
}

TEST_CASE("Framing: folded lines, bare line feeds and other codings are refused", "[http]") {
  Recording recording;
  for (const char* request :
       {"GET / HTTP/1.1\r\nhost: a\r\nx: one\r\n y: two\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nx: one\r\n\ty: two\r\n\r\n",
        "GET / HTTP/1.1\r\n host: a\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\n\r\n",
        "GET / HTTP/1.1\nhost: a\n\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: , chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n"
        "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    RawClient client(recording.server.address());
    client.Send(request);
    CAPTURE(request);
    CHECK(absl::StartsWith(client.ReadAll(), "HTTP/1.1 400 "));
  }
  CHECK(recording.seen().empty());
}

TEST_CASE("Framing: chunk framing must not be larger than its data", "[http]") {
  const std::string head = "POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
  const auto answer_to = [&](const std::string& body) {
    Recording recording;
    RawClient client(recording.server.address());
    client.Send(head + body);
    client.ShutdownWrite();
    return client.ReadAll();
  };
  const auto repeat = [](const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  SECTION("chunks of one byte are accepted") {
    CHECK(absl::StrContains(answer_to(repeat("1\r\nx\r\n", 50'000) + "0\r\n\r\n"), " 200 OK"));
  }
  SECTION("an endless extension") {
    CHECK(absl::StartsWith(answer_to("1;" + std::string(20'000, 'x')), "HTTP/1.1 400 "));
  }
  SECTION("an endless trailer") {
    CHECK(absl::StartsWith(answer_to("0\r\n" + repeat("a: b\r\n", 5'000)), "HTTP/1.1 400 "));
  }
  SECTION("an extension on every chunk") {
    CHECK(absl::StartsWith(
        answer_to(repeat("1;" + std::string(1'000, 'x') + "\r\nx\r\n", 500) + "0\r\n\r\n"),
        "HTTP/1.1 400 "));
  }
}

TEST_CASE("Framing: invalid chunks are an error and end the connection", "[http]") {
  Recording recording;
  for (const char* body : {"x\r\n", "3\r\nabcd\r\n0\r\n\r\n", "ffffffffffffffffff\r\n",
                           "-1\r\n\r\n", "3 \r\nabc\r\nz"}) {
    RawClient client(recording.server.address());
    client.Send(absl::StrCat("POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
                             body, "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n"));
    client.ShutdownWrite();
    CAPTURE(body);
    const std::string answer = client.ReadAll();
    CHECK((answer.empty() || absl::StartsWith(answer, "HTTP/1.1 400 ")));
    CHECK_FALSE(absl::StrContains(answer, "HTTP/1.1 200"));
  }
  for (const std::string& seen : recording.seen()) CHECK(seen == "/body ?");
}

TEST_CASE("Framing: a body's content is never read as a request", "[http]") {
  Recording recording;
  const std::string hidden = "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n";
  RawClient client(recording.server.address());
  client.Send(absl::StrCat("POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: ", hidden.size(),
                           "\r\n\r\n", hidden));
  client.Send(absl::StrCat("POST /chunks HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
                           absl::Hex(hidden.size()), "\r\n", hidden, "\r\n0\r\n\r\n"));
  client.Send("GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  client.ReadAll();
  CHECK(recording.seen() ==
        std::vector<std::string>{"/length " + hidden, "/chunks " + hidden, "/last "});
}

TEST_CASE("Framing: chunk extensions and trailers are not part of a body", "[http]") {
  Recording recording;
  RawClient client(recording.server.address());
  client.Send(
      "POST /t HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
      "3;name=value\r\nabc\r\n0\r\nx-trailer: content-length: 99\r\n\r\n");
  CHECK(absl::EndsWith(client.ReadAll(), "\r\n\r\nabc"));
  CHECK(recording.seen() == std::vector<std::string>{"/t abc"});
}

TEST_CASE("Framing: after an unread body the connection serves no further request", "[http]") {
  std::atomic<int> handled{0};
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    ++handled;
    (void)co_await exchange.Respond(ResponseHead(), "no, thank you");
  });
  RawClient client(server.address());
  client.Send(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 36\r\n\r\n"
      "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n12345GET /next HTTP/1.1\r\nhost: a\r\n\r\n");
  client.ShutdownWrite();
  const std::string answer = client.ReadAll();
  CHECK(absl::StrContains(answer, "connection: close"));
  CHECK(absl::EndsWith(answer, "no, thank you"));
  CHECK(handled == 1);
}

TEST_CASE("Framing: HTTP/1.0 is kept open on request only, and closed after a stream", "[http]") {
  Recording recording;
  RawClient closed(recording.server.address());
  closed.Send("GET /a HTTP/1.0\r\n\r\n");
  CHECK(absl::StrContains(closed.ReadAll(), "connection: close"));
  RawClient kept(recording.server.address());
  for (int i = 0; i < 2; ++i) {
    kept.Send("GET /b HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    CHECK(absl::StrContains(kept.ReadUntil("\r\n\r\n"), "connection: keep-alive"));
  }
}

}  // namespace
}  // namespace countersign::http::http1
