// HTTP/2 to upstreams: what libs/http/client_contract_test.cc does not say for every version.
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/http/testing/alpn.h"
#include "libs/http/testing/client_fixture.h"
#include "libs/http/testing/http2_upstream.h"
#include "libs/http/testing/test_certificate.h"

namespace countersign::http::http2 {
namespace {

using testing::Answer;
using testing::ClientFixture;
using testing::Frame;
using testing::Http2Upstream;
using testing::Local;
using testing::MakeRequest;
using testing::Number;
using testing::Signal;
using testing::TestServer;
using Connection = Http2Upstream::Connection;

Target At(const Http2Upstream& upstream) { return Local(upstream.port(), Version::kHttp2); }

std::string Setting(std::uint32_t name, std::uint32_t value) {
  return Number(name, 2) + Number(value);
}

// Answers with trailers, which only HTTP/2 carries to this client.
async::Awaitable<void> AnswerWithTrailers(Exchange& exchange) {
  (void)co_await exchange.ReadBody();
  (void)co_await exchange.Begin(ResponseHead());
  (void)co_await exchange.Write("body");
  Headers trailers;
  trailers.Add("x-trailer", "1");
  (void)co_await exchange.Finish(std::move(trailers));
}

TEST_CASE("HTTP/2 client: trailers arrive after the body", "[http]") {
  TestServer server(AnswerWithTrailers);
  ClientFixture call;
  const Answer answer =
      call(Local(server.port(), Version::kHttp2), MakeRequest("POST", "/", "x")).value();
  CHECK(answer.body == "body");
  CHECK(answer.trailers.Get("x-trailer") == "1");
}

TEST_CASE("HTTP/2 client: trailers of a request follow its body", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
    (void)co_await exchange.Respond(ResponseHead(),
                                    absl::StrCat(*body, " ", exchange.trailers().Get("x-trailer")));
  });
  ClientFixture call;
  const Target target = Local(server.port(), Version::kHttp2);
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    OutgoingHead head;
    head.head = MakeRequest("POST", "/").head;
    auto exchange = co_await call.client.Open(target, head, call.cancellation);
    const absl::Status written = co_await (*exchange)->Write("body", call.cancellation);
    REQUIRE(written.ok());
    Headers trailers;
    trailers.Add("x-trailer", "1");
    const absl::Status finished =
        co_await (*exchange)->Finish(std::move(trailers), call.cancellation);
    REQUIRE(finished.ok());
    const absl::Status answered = co_await (*exchange)->ReadHead(call.cancellation);
    REQUIRE(answered.ok());
    const auto answer = co_await testing::ReadAnswer(**exchange, call.cancellation);
    REQUIRE(answer->body == "body 1");
    co_return 0;
  });
}

struct TlsServer {
  explicit TlsServer(bool http2 = true)
      : certificate("IP:127.0.0.1"),
        tls(security::ServerTls(certificate.certificate_file(), certificate.key_file()).value()) {
    if (!http2) testing::ServeHttp1Only(tls);
    server.emplace(AnswerWithTrailers, ServerOptions(), tls);
  }
  ClientOptions MakeOptions() const {
    ClientOptions options;
    options.tls = security::ClientTls(certificate.certificate_file()).value();
    return options;
  }
  Target At(Version version) const {
    Target target = Local(server->port(), version);
    target.origin.tls = true;
    return target;
  }
  testing::TestCertificate certificate;
  security::TlsContext tls;
  std::optional<TestServer> server;
};

TEST_CASE("HTTP/2 client: TLS chooses the version that both know", "[http]") {
  const TlsServer both, old(false);
  struct Case {
    const TlsServer& server;
    bool offered;
    Version version;
    bool http2;
  };
  for (const Case& each :
       {Case{both, true, Version::kNegotiated, true}, Case{both, true, Version::kHttp2, true},
        Case{both, true, Version::kHttp1, false}, Case{both, false, Version::kNegotiated, false},
        Case{old, true, Version::kNegotiated, false}}) {
    ClientOptions options = each.server.MakeOptions();
    options.http2.offered = each.offered;
    ClientFixture call(options);
    for (int i = 0; i < 3; ++i) {
      const Answer answer =
          call(each.server.At(each.version), MakeRequest("POST", "/", "x")).value();
      CHECK(answer.body == "body");
      CHECK(answer.trailers.Get("x-trailer") == (each.http2 ? "1" : ""));
    }
  }
}

TEST_CASE("HTTP/2 client: an upstream without HTTP/2 is unreachable when it is demanded",
          "[http]") {
  const TlsServer old(false);
  ClientFixture call(old.MakeOptions());
  const absl::Status status = call(old.At(Version::kHttp2), MakeRequest("GET", "/")).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(GetReason(status) == kUnreachable);
}

TEST_CASE("HTTP/2 client: many first requests over TLS share a connection attempt", "[http]") {
  const bool http2 = GENERATE(true, false);
  const TlsServer server(http2);
  ClientFixture call(server.MakeOptions());
  const Target target = server.At(Version::kNegotiated);
  const Request request = MakeRequest("POST", "/", "x");
  std::vector<std::future<absl::StatusOr<Answer>>> calls;
  for (int i = 0; i < 50; ++i) calls.push_back(call.Start(target, request));
  for (auto& each : calls) CHECK(each.get().value().body == "body");
}

TEST_CASE("HTTP/2 client: an unreachable upstream fails all that wait for it", "[http]") {
  std::uint16_t port = 0;
  {
    TestServer gone([](Exchange&) -> async::Awaitable<void> { co_return; });
    port = gone.port();
  }
  ClientFixture call;
  const Target target = Local(port, Version::kHttp2);
  const Request request = MakeRequest("GET", "/");
  std::vector<std::future<absl::StatusOr<Answer>>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(call.Start(target, request));
  for (auto& each : calls) {
    const absl::Status status = each.get().status();
    CHECK(absl::IsUnavailable(status));
    CHECK(GetReason(status) == kUnreachable);
  }
}

TEST_CASE("HTTP/2 client: requests share one connection up to the upstream's limit", "[http]") {
  // The answers wait until all requests have arrived.
  constexpr int kConnections = 3, kStreams = 4;
  std::atomic<int> arrived{0};
  Signal all_arrived;
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin(Setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreams));
    std::vector<std::int32_t> streams;
    while (streams.size() < kStreams) {
      const std::int32_t stream = connection.ReadRequest();
      if (stream == 0) return;
      streams.push_back(stream);
      if (++arrived == kConnections * kStreams) all_arrived.Set();
    }
    all_arrived.Wait();
    for (const std::int32_t stream : streams) connection.Answer(stream);
    connection.Serve();
  });
  ClientOptions options;
  options.http2.max_connections = kConnections;
  // Until the upstream's settings have arrived, its limit is not known.
  options.http2.max_streams = kStreams;
  ClientFixture call(options);
  const Target target = At(upstream);
  const Request request = MakeRequest("GET", "/");
  std::vector<std::future<absl::StatusOr<Answer>>> calls;
  for (int i = 0; i < kConnections * kStreams + 5; ++i) {
    calls.push_back(call.Start(target, request));
  }
  for (auto& each : calls) CHECK(each.get().value().body == "ok");
  CHECK(upstream.connections() == kConnections);
}

TEST_CASE("HTTP/2 client: a request that finds no stream is DEADLINE_EXCEEDED", "[http]") {
  Http2Upstream upstream([](Connection& connection, int) {
    connection.Begin(Setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0));
    connection.ReadToEnd();
  });
  ClientOptions options;
  options.connect_timeout = absl::Milliseconds(200);
  options.first_byte_timeout = absl::Milliseconds(200);
  options.http2.max_connections = 1;
  ClientFixture call(options);
  CHECK(absl::IsDeadlineExceeded(call(At(upstream), MakeRequest("GET", "/")).status()));
  const absl::Status status = call(At(upstream), MakeRequest("GET", "/")).status();
  CHECK(absl::IsDeadlineExceeded(status));
  CHECK(GetReason(status) == kUnreachable);
}

TEST_CASE("HTTP/2 client: a refused request is sent again, a few times", "[http]") {
  std::atomic<int> refusals{0};
  const int most = GENERATE(2, 10);
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin();
    while (const std::int32_t stream = connection.ReadRequest()) {
      if (refusals < most) {
        ++refusals;
        connection.Reset(stream, NGHTTP2_REFUSED_STREAM);
      } else {
        connection.Answer(stream);
      }
    }
  });
  ClientFixture call;
  const absl::StatusOr<Answer> answer = call(At(upstream), MakeRequest("POST", "/", "body"));
  CHECK(answer.ok() == (most == 2));
  CHECK(refusals == (most == 2 ? 2 : 3));
}

TEST_CASE("HTTP/2 client: a POST that was reset for another reason is not repeated", "[http]") {
  std::atomic<int> requests{0};
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin();
    while (const std::int32_t stream = connection.ReadRequest()) {
      ++requests;
      connection.Reset(stream, NGHTTP2_INTERNAL_ERROR);
    }
  });
  ClientFixture call;
  CHECK(absl::IsUnavailable(call(At(upstream), MakeRequest("POST", "/", "body")).status()));
  CHECK(requests == 1);
}

TEST_CASE("HTTP/2 client: a GOAWAY in the middle of calls loses none", "[http]") {
  constexpr int kCalls = 8;
  std::atomic<int> answered{0};
  Http2Upstream upstream([&](Connection& connection, int number) {
    connection.Begin();
    if (number > 0) {
      while (const std::int32_t stream = connection.ReadRequest()) {
        ++answered;
        connection.Answer(stream);
      }
      return;
    }
    std::vector<std::int32_t> streams;
    while (streams.size() < kCalls) streams.push_back(connection.ReadRequest());
    // The first half was processed and goes on after the announcement; the rest was not.
    connection.GoAway(streams[kCalls / 2 - 1]);
    for (int i = 0; i < kCalls / 2; ++i) {
      ++answered;
      connection.Answer(streams[i]);
    }
    connection.ReadToEnd();
  });
  ClientFixture call;
  const Target target = At(upstream);
  const Request request = MakeRequest("POST", "/", "body");
  std::vector<std::future<absl::StatusOr<Answer>>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(call.Start(target, request));
  for (auto& each : calls) CHECK(each.get().value().body == "ok");
  CHECK(answered == kCalls);
  CHECK(upstream.connections() == 2);
}

TEST_CASE("HTTP/2 client: after a used connection has closed only a GET is repeated", "[http]") {
  const std::string method = GENERATE("GET", "POST");
  Http2Upstream upstream([](Connection& connection, int number) {
    connection.Begin();
    if (number > 0) return connection.Serve();
    connection.Answer(connection.ReadRequest());
    connection.ReadRequest();  // closed without an answer
  });
  ClientFixture call;
  CHECK(call(At(upstream), MakeRequest("GET", "/")).ok());
  const absl::StatusOr<Answer> second = call(At(upstream), MakeRequest(method.c_str(), "/"));
  CHECK(second.ok() == (method == "GET"));
  CHECK((second.ok() || absl::IsUnavailable(second.status())));
}

TEST_CASE("HTTP/2 client: an answer that is cut off is no complete answer", "[http]") {
  const int how = GENERATE(0, 1, 2);
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin();
    const std::int32_t stream = connection.ReadRequest();
    connection.Head(stream);
    connection.Data(stream, "begun", false);
    if (how == 0) connection.Reset(stream, NGHTTP2_NO_ERROR);
    if (how == 1) connection.GoAway(0, NGHTTP2_INTERNAL_ERROR);
    if (how < 2) connection.ReadToEnd();
  });
  ClientFixture call;
  const absl::Status status = call(At(upstream), MakeRequest("GET", "/")).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(GetReason(status) != kUnreachable);
}

TEST_CASE("HTTP/2 client: a cancelled request resets its stream only", "[http]") {
  Signal begun;
  std::promise<Frame> reset;
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin();
    connection.ReadRequest();
    begun.Set();
    reset.set_value(connection.ReadUntil(NGHTTP2_RST_STREAM).value_or(Frame()));
    connection.Serve();
  });
  ClientFixture call;
  const Target target = At(upstream);
  const Request request = MakeRequest("GET", "/");
  async::Cancellation cancellation;
  auto cancelled =
      testing::Begin(call.workers.at(0), testing::Call(call.client, target, request, cancellation));
  REQUIRE(begun.Wait());
  call.workers.at(0).Post([&] { cancellation.Cancel(absl::AbortedError("left")); });
  CHECK(absl::IsAborted(cancelled.get().status()));
  CHECK(reset.get_future().get().payload == Number(NGHTTP2_CANCEL));
  CHECK(call(target, request)->body == "ok");
  CHECK(upstream.connections() == 1);
}

TEST_CASE("HTTP/2 client: windows open only as the reader reads", "[http]") {
  constexpr std::uint32_t kWindow = 70'000;
  Signal filled;
  bool early = false;
  bool later = false;
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin();
    const std::int32_t stream = connection.ReadRequest();
    connection.Head(stream);
    for (std::uint32_t sent = 0; sent < kWindow; sent += 10'000) {
      connection.Data(stream, std::string(10'000, 'x'), false);
    }
    connection.Send({NGHTTP2_PING, 0, 0, "12345678"});
    while (const std::optional<Frame> frame = connection.ReadFrame()) {
      if (frame->type == NGHTTP2_PING) break;
      early |= frame->type == NGHTTP2_WINDOW_UPDATE && frame->stream == stream;
    }
    filled.Set();
    while (const std::optional<Frame> frame = connection.ReadUntil(NGHTTP2_WINDOW_UPDATE)) {
      later = frame->stream == stream;
      if (later) break;
    }
    connection.Data(stream, "end", true);
    connection.ReadToEnd();
  });
  ClientOptions options;
  options.http2.stream_window = kWindow;
  ClientFixture call(options);
  const Target target = At(upstream);
  std::unique_ptr<ClientResponse> response;
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    const Request request = MakeRequest("GET", "/");
    response = (co_await call.client.Send(target, request, call.cancellation)).value();
    co_return 0;
  });
  REQUIRE(filled.Wait());
  const Answer answer = testing::Run(call.workers.at(0), [&] {
                          return testing::ReadAnswer(*response, call.cancellation);
                        }).value();
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    response.reset();
    co_return 0;
  });
  CHECK(answer.body.size() == kWindow + 3);
  CHECK_FALSE(early);
  CHECK(later);
}

TEST_CASE("HTTP/2 client: readers that stop hold up no other stream", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    if (exchange.head().target == "/small") {
      (void)co_await exchange.Respond(ResponseHead(), "small");
      co_return;
    }
    (void)co_await exchange.Begin(ResponseHead());
    absl::Status status;
    while (status.ok()) status = co_await exchange.Write(std::string(10'000, 'x'));
  });
  ClientOptions options;
  options.http2.max_connections = 1;
  options.http2.max_streams = 20;
  ClientFixture call(options);
  const Target target = Local(server.port(), Version::kHttp2);
  testing::Run(call.workers.at(0), [&]() -> async::Awaitable<int> {
    std::vector<std::unique_ptr<ClientResponse>> unread;
    const Request endless = MakeRequest("GET", "/endless"), small = MakeRequest("GET", "/small");
    for (int i = 0; i < 19; ++i) {
      unread.push_back((co_await call.client.Send(target, endless, call.cancellation)).value());
    }
    for (int i = 0; i < 100; ++i) {
      const auto answer = co_await testing::Call(call.client, target, small, call.cancellation);
      REQUIRE(answer.value().body == "small");
    }
    co_return 0;
  });
}

TEST_CASE("HTTP/2 client: a connection without requests is closed with GOAWAY", "[http]") {
  std::promise<bool> announced;
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin();
    connection.Answer(connection.ReadRequest());
    announced.set_value(connection.ReadUntil(NGHTTP2_GOAWAY).has_value());
    connection.ReadToEnd();
  });
  ClientOptions options;
  options.http2.keep_idle = absl::Milliseconds(10);
  ClientFixture call(options);
  CHECK(call(At(upstream), MakeRequest("GET", "/")).ok());
  CHECK(announced.get_future().get());
}

TEST_CASE("HTTP/2 client: a silent connection is asked and closed without an answer", "[http]") {
  Http2Upstream upstream([](Connection& connection, int number) {
    connection.Begin();
    if (number > 0) return connection.Serve();
    connection.answer_pings = false;
    connection.ReadToEnd();
  });
  ClientOptions options;
  options.http2.ping_after = absl::Milliseconds(10);
  options.http2.ping_timeout = absl::Milliseconds(10);
  ClientFixture call(options);
  const absl::Status status = call(At(upstream), MakeRequest("POST", "/", "x")).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(absl::StrContains(status.message(), "no longer answers"));
}

TEST_CASE("HTTP/2 client: a silent connection that answers is kept, and asked rarely", "[http]") {
  int pings = 0;
  Http2Upstream upstream([&](Connection& connection, int) {
    connection.Begin();
    const std::int32_t stream = connection.ReadRequest();
    pings += connection.ReadUntil(NGHTTP2_PING).has_value() ? 1 : 0;
    pings += connection.ReadUntil(NGHTTP2_PING).has_value() ? 1 : 0;
    connection.Answer(stream);
    connection.ReadToEnd();
  });
  ClientOptions options;
  options.http2.ping_after = absl::Milliseconds(5);
  options.http2.ping_again = absl::Milliseconds(20);
  ClientFixture call(options);
  CHECK(call(At(upstream), MakeRequest("POST", "/", "x"))->body == "ok");
  CHECK(pings == 2);
}

}  // namespace
}  // namespace countersign::http::http2
