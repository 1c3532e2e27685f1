// Calls through the whole edge to an upstream that speaks HTTP/2 over TLS, and nothing else.

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "libs/http/testing/alpn.h"
#include "libs/http/testing/test_certificate.h"
#include "services/edge/testing/edge_testing.h"

namespace countersign::edge {
namespace {

using domain::Outcome;
using testing::Answer;
using testing::Content;
using testing::Fixture;
using testing::kDone;
using testing::kFinished;
using testing::RawClient;
using testing::ScriptedUpstream;
using testing::Signal;

struct Http2Fixture {
  http::testing::TestCertificate certificate{"IP:127.0.0.1"};
  Fixture edge{MakeConfig(), MakeTls()};

 private:
  EdgeConfig MakeConfig() const {
    EdgeConfig config;
    config.http.upstream_ca_file = certificate.certificate_file();
    return config;
  }
  http::security::TlsContext MakeTls() const {
    http::security::TlsContext tls =
        http::security::ServerTls(certificate.certificate_file(), certificate.key_file()).value();
    http::testing::ServeHttp2Only(tls);
    return tls;
  }
};

TEST_CASE("HTTP/2 upstream: allowed calls are answered", "[edge]") {
  Http2Fixture f;
  for (int i = 0; i < 3; ++i) {
    const Answer answer = f.edge.Chat();
    CHECK(answer.status == 200);
    CHECK(absl::StrContains(answer.body, "hello"));
    CHECK(f.edge.End().outcome == Outcome::kCompleted);
  }
  REQUIRE(f.edge.upstream.received().size() == 3);
  CHECK(f.edge.upstream.received().front().body == Fixture::kPlain);
}

TEST_CASE("HTTP/2 upstream: a stream is masked, and recorded as delivered", "[edge]") {
  Http2Fixture f;
  f.edge.decider.AllowAll("tier1");
  f.edge.upstream.Behave(ScriptedUpstream::Stream(
      {Content("my SEC"), Content("RET is"), Content(" SE"), kFinished, kDone}));
  const Answer answer = f.edge.Stream();
  CHECK(answer.complete);
  CHECK(!absl::StrContains(answer.body, "SEC"));
  CHECK(absl::StrContains(answer.body, "<S> is"));
  CHECK(f.edge.Recorded() == answer.body);
  CHECK(f.edge.End().outcome == Outcome::kCompleted);
}

TEST_CASE("HTTP/2 upstream: a caller that leaves resets the upstream's stream", "[edge]") {
  const std::string first = GENERATE(Content("first"), "");
  Http2Fixture f;
  Signal left;
  f.edge.upstream.Behave(ScriptedUpstream::Hang(first, &left));
  {
    RawClient client = f.edge.Connect();
    client.Send(Fixture::Post(Fixture::kStream));
    if (first.empty()) {
      while (f.edge.upstream.received().empty()) std::this_thread::yield();
    } else {
      testing::ReadHead(client);
      CHECK(testing::ReadChunk(client) == first);
    }
  }
  CHECK(left.Wait());
  CHECK(f.edge.End().outcome == Outcome::kCancelled);
  // The connection goes on.
  f.edge.upstream.Behave(ScriptedUpstream::Json(200, "{}"));
  CHECK(f.edge.Chat().status == 200);
}

TEST_CASE("HTTP/2 upstream: a stream that dies is an in-band error, without [DONE]", "[edge]") {
  Http2Fixture f;
  f.edge.decider.AllowAll("tier1");
  f.edge.upstream.Behave(ScriptedUpstream::Stream({Content("my SEC")}, false));
  const Answer answer = f.edge.Stream();
  CHECK(answer.complete);
  CHECK(!absl::StrContains(answer.body, "SEC"));
  CHECK(!absl::StrContains(answer.body, "[DONE]"));
  CHECK(absl::StrContains(answer.body, R"("code":"upstream_error")"));
  CHECK(f.edge.End().outcome == Outcome::kUpstreamError);
  CHECK(f.edge.Recorded() == answer.body);
}

TEST_CASE("HTTP/2 upstream: a drain in the middle of calls loses none", "[edge]") {
  constexpr int kCalls = 10;
  Http2Fixture f;
  Signal all_begun;
  std::atomic<int> begun{0};
  f.edge.upstream.Behave([&](http::Exchange& exchange) -> async::Awaitable<void> {
    http::ResponseHead head;
    head.headers.Add("content-type", "text/event-stream");
    (void)co_await exchange.Begin(std::move(head));
    if (++begun == kCalls) all_begun.Set();
    const std::string event = Content("piece");
    for (int i = 0; i < 200; ++i) (void)co_await exchange.Write(event);
    const std::string rest = kFinished + kDone;
    (void)co_await exchange.Write(rest);
    (void)co_await exchange.Finish();
  });
  f.edge.Start();
  std::vector<Answer> answers(kCalls);
  std::vector<std::thread> callers;
  for (Answer& answer : answers) {
    callers.emplace_back([&f, &answer] {
      RawClient client(f.edge.edge.addresses().front());
      client.Send(Fixture::Post(Fixture::kStream));
      answer = testing::ReadAnswer(client);
    });
  }
  CHECK(all_begun.Wait());
  f.edge.upstream.listener().Drain(absl::Minutes(1));
  for (std::thread& caller : callers) caller.join();
  for (const Answer& answer : answers) {
    CHECK(answer.complete);
    CHECK(absl::EndsWith(answer.body, kDone));
  }
}

}  // namespace
}  // namespace countersign::edge
