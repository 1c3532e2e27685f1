#include "services/edge/ext_proc/serve_ext_proc.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "services/edge/ext_proc/testing/proxy_fixture.h"

namespace countersign::edge::ext_proc {
namespace {

using Fixture = testing::ProxyFixture;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;
using domain::Outcome;
using edge::testing::CallFixture;
using edge::testing::kPlainAnswer;
using edge::testing::kPlainBody;
using edge::testing::kStreamBody;
using testing::Body;
using testing::Content;
using testing::FakeProxy;
using testing::kDone;
using testing::kFinished;
using testing::kFull;
using testing::kWhole;
using testing::Replies;
using testing::Request;
using testing::Response;
using testing::Trailers;

TEST_CASE("ext_proc: in full duplex an allowed call goes on as it was admitted", "[ext_proc]") {
  Fixture f;
  FakeProxy& proxy = f.Open(kFull);
  CHECK(proxy.TakeReplies().empty());
  f.Say(proxy, Body(Direction::kRequest, std::string(kPlainBody).substr(0, 20), false));
  CHECK(proxy.TakeReplies().empty());
  f.Say(proxy, Body(Direction::kRequest, std::string(kPlainBody).substr(20), true));
  const Replies replies = proxy.TakeReplies();
  CHECK(replies ==
        Replies{"> head -authorization -x-odd -content-length -x-envoy-a accept=application/json "
                "content-type=application/json accept-encoding=identity",
                absl::StrCat("> piece | ", kPlainBody), "> end"});
  CHECK(f.upstream.sent().empty());
  f.Say(proxy, Response(200));
  f.Say(proxy, Body(Direction::kResponse, kPlainAnswer, true));
  const Replies answer = proxy.TakeReplies();
  REQUIRE(answer.size() == 3);
  CHECK_THAT(answer[0], StartsWith("< head -set-cookie content-type=application/json "));
  CHECK_THAT(answer[0], Contains("x-countersign-session=") && EndsWith(":status=200"));
  CHECK(answer[1] == absl::StrCat("< piece | ", kPlainAnswer));
  CHECK(answer[2] == "< end");
  CHECK(proxy.status() == "0");
  CHECK(f.end().outcome == Outcome::kCompleted);
  CHECK(f.session().start.client_address == "192.0.2.9:5000");
}

TEST_CASE("ext_proc: whole bodies get their length", "[ext_proc]") {
  Fixture f;
  FakeProxy& proxy = f.Open(kWhole);
  CHECK(proxy.TakeReplies() == Replies{"> head"});  // asks for the body
  f.Say(proxy, Body(Direction::kRequest, kPlainBody, true));
  CHECK(proxy.TakeReplies() ==
        Replies{absl::StrCat(
            "> body -authorization -x-odd -content-length -x-envoy-a accept=application/json "
            "content-type=application/json accept-encoding=identity "
            "content-length=",
            sizeof(kPlainBody) - 1, " | ", kPlainBody)});
  f.Say(proxy, Response(200));
  CHECK(proxy.TakeReplies() == Replies{"< head"});
  f.Say(proxy, Body(Direction::kResponse, kPlainAnswer, true));
  const Replies answer = proxy.TakeReplies();
  REQUIRE(answer.size() == 1);
  CHECK_THAT(answer[0], StartsWith("< body -set-cookie ") && EndsWith(kPlainAnswer));
  CHECK_THAT(answer[0], Contains(absl::StrCat("content-length=", sizeof(kPlainAnswer) - 1)));
  CHECK(proxy.status() == "0");
}

TEST_CASE("ext_proc: a proxy that is revoked gets nothing more of the calls that it holds",
          "[ext_proc]") {
  Fixture f;
  FakeProxy& proxy = f.Forward(kFull, kStreamBody);
  f.Say(proxy, Response(200, "text/event-stream"));
  f.Say(proxy, Body(Direction::kResponse, Content("one"), false));
  (void)proxy.TakeReplies();
  SECTION("its credential") { f.authenticator.Forget("mesh-key"); }
  SECTION("its role on the connection") {
    f.authenticator.Know("mesh-key", Fixture::Proxy({"another"}));
  }
  f.credentials.Flush();
  f.Run();
  CHECK(proxy.TakeReplies().empty());
  CHECK((proxy.status() == "16" || proxy.status() == "7"));
  CHECK(f.end().outcome == Outcome::kCancelled);
}

TEST_CASE("ext_proc: a stream is masked over its cuts", "[ext_proc]") {
  Fixture f;
  f.decider.AllowAll("tier1");
  SECTION("in full duplex, as it comes") {
    FakeProxy& proxy = f.Forward(kFull, kStreamBody);
    f.Say(proxy, Response(200, "text/event-stream"));
    CHECK(proxy.TakeReplies().empty());
    f.Say(proxy, Body(Direction::kResponse, Content("a SEC"), false));
    CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"),
               StartsWith("< head") && EndsWith("< piece | " + Content("a ")));
    f.Say(proxy, Body(Direction::kResponse, Content("RET b") + kFinished + kDone, false));
    const std::string rest = absl::StrJoin(proxy.TakeReplies(), "\n");
    CHECK_THAT(rest, StartsWith("< piece | " + Content("<S> b")) && EndsWith(kDone));
    CHECK(proxy.status().empty());
    f.Say(proxy, Body(Direction::kResponse, "", true));
    CHECK(proxy.TakeReplies() == Replies{"< end"});
    CHECK(proxy.status() == "0");
  }
  SECTION("as one body") {
    FakeProxy& proxy = f.Forward(kWhole, kStreamBody);
    f.Say(proxy, Response(200, "text/event-stream"));
    const std::string stream = Content("a SEC") + Content("RET b") + kFinished + kDone;
    f.Say(proxy, Body(Direction::kResponse, stream, true));
    const Replies replies = proxy.TakeReplies();
    REQUIRE(replies.size() == 2);
    CHECK_THAT(replies[1], EndsWith(kFinished + kDone) && Contains("<S>") &&
                               Contains("content-type=text/event-stream"));
    CHECK_THAT(replies[1], !Contains("SECRET"));
    CHECK(proxy.status() == "0");
  }
  CHECK(f.end().outcome == Outcome::kCompleted);
}

TEST_CASE("ext_proc: a prompt is masked before it goes on", "[ext_proc]") {
  Fixture f;
  f.resources->masking_profiles["p"].prompt.emplace_back();
  f.decider.AllowAll("p");
  FakeProxy& proxy = f.Open(kFull);
  f.Say(proxy,
        Body(Direction::kRequest,
             R"({"model":"gpt-4o","messages":[{"role":"user","content":"my SECRET"}]})", true));
  CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"), Contains("my <S>") && !Contains("SECRET"));
}

TEST_CASE("ext_proc: a large body goes on in pieces", "[ext_proc]") {
  Fixture f;
  const std::string body =
      absl::StrCat(R"({"model":"gpt-4o","messages":[{"role":"user","content":")",
                   std::string(50'000, 'x'), "\"}]}", std::string(100'000, ' '));
  FakeProxy& proxy = f.Open(kFull);
  f.Say(proxy, Body(Direction::kRequest, body, true));
  for (int i = 0; i < 10; ++i) {  // what is read and hashed elsewhere
    absl::Notification idle;
    REQUIRE(f.body_pool.TrySubmit([&] { idle.Notify(); }));
    idle.WaitForNotification();
    f.Run();
  }
  Replies replies = proxy.TakeReplies();
  REQUIRE(replies.size() == 5);
  std::string joined;
  for (int i = 1; i < 4; ++i) {
    const std::string piece = replies[i].substr(replies[i].find("| ") + 2);
    CHECK(piece.size() <= 64u << 10);
    joined += piece;
  }
  CHECK(joined == body);
}

TEST_CASE("ext_proc: a refusal is an immediate answer", "[ext_proc]") {
  Fixture f;
  f.decider.decide.Always([] {
    domain::Decision decision;
    decision.message = "not here";
    return decision;
  });
  const Modes modes = GENERATE(kFull, kWhole);
  FakeProxy& proxy = f.Open(modes);
  f.Say(proxy, Body(Direction::kRequest, kPlainBody, true));
  const Replies replies = proxy.TakeReplies();
  CHECK_THAT(replies.back(), StartsWith("immediate 403 content-type=application/json"));
  CHECK_THAT(replies.back(), Contains("policy_denied") && Contains("not here"));
  CHECK(proxy.status() == "0");
  CHECK(f.end().outcome == Outcome::kBlocked);
}

TEST_CASE("ext_proc: the caller's own credential decides", "[ext_proc]") {
  Fixture f;
  ProxyMessage request = Request(kFull);
  request.headers[5].second = "Bearer wrong";
  FakeProxy& proxy = f.Open(f.NewProxy(), request);
  const Replies replies = proxy.TakeReplies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], StartsWith("immediate 401"));
  CHECK(proxy.status() == "0");
  CHECK(f.recorder.sessions().empty());
}

TEST_CASE("ext_proc: a proxy needs its own credential and role", "[ext_proc]") {
  Fixture f;
  FakeProxy& proxy = f.NewProxy();
  std::string status;
  SECTION("none") {
    proxy.request().headers.pop_back();
    status = "16";
  }
  SECTION("a caller's") {
    f.authenticator.Know("mesh-key", CallFixture::Principal("bob"));
    status = "7";
  }
  SECTION("for another connection") {
    f.authenticator.Know("mesh-key", Fixture::Proxy({"other"}));
    status = "7";
  }
  f.Open(proxy, Request(kFull));
  CHECK(proxy.TakeReplies().empty());
  CHECK(proxy.status() == status);
  CHECK(f.recorder.sessions().empty());
}

TEST_CASE("ext_proc: a filter that cannot be governed is refused", "[ext_proc]") {
  Fixture f;
  std::optional<Modes> modes;
  std::string named = "does not tell its modes";
  SECTION("no modes") {}
  SECTION("no request body") {
    modes = {BodyMode::kNone, BodyMode::kFullDuplex};
    named = "request_body_mode";
  }
  SECTION("parts of a response body") {
    modes = {BodyMode::kBuffered, BodyMode::kOther};
    named = "response_body_mode";
  }
  FakeProxy& proxy = f.Open(f.NewProxy(), Request(modes));
  const Replies replies = proxy.TakeReplies();
  REQUIRE(replies.size() == 1);
  CHECK_THAT(replies[0], StartsWith("immediate 503") && Contains(named));
  CHECK(proxy.status() == "9");
}

TEST_CASE("ext_proc: streams that end with an error", "[ext_proc]") {
  Fixture f;
  FakeProxy& proxy = f.NewProxy();
  SECTION("an observer's") {
    ProxyMessage request = Request(kFull);
    request.observes = true;
    f.Open(proxy, request);
    CHECK(proxy.status() == "9");
  }
  SECTION("without the request's head") {
    f.Open(proxy, Body(Direction::kRequest, "a", true));
    CHECK(proxy.status() == "3");
  }
  SECTION("a hold that is no duration") {
    proxy.request().headers.emplace_back("countersign-hold", "long");
    f.Open(proxy, Request(kFull));
    CHECK(proxy.status() == "3");
  }
  SECTION("an unknown method") {
    proxy.request().path += "Other";
    f.Open(proxy, Request(kFull));
    CHECK(proxy.status() == "12");
  }
}

TEST_CASE("ext_proc: a message that cannot be read ends the call", "[ext_proc]") {
  Fixture f;
  FakeProxy& proxy = f.Open(kFull);
  proxy.SayBytes("bad");
  f.Run();
  CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"), StartsWith("immediate 503"));
  CHECK(f.recorder.sessions().empty());
}

TEST_CASE("ext_proc: the proxy's configuration names the connection", "[ext_proc]") {
  Fixture f;
  domain::Connection& other = f.resources->connections["other"];
  other = f.connection();
  other.name = "other";
  other.is_default = false;
  FakeProxy& proxy = f.NewProxy();
  SECTION("of its own role") { f.authenticator.Know("mesh-key", Fixture::Proxy({"other"})); }
  SECTION("of any") {}
  proxy.request().headers.emplace_back("countersign-connection", "other");
  ProxyMessage request = Request(kFull);
  request.headers.emplace_back("countersign-connection", "openai");
  f.Open(proxy, std::move(request));
  f.Say(proxy, Body(Direction::kRequest, kPlainBody, true));
  CHECK(f.session().start.connection == "other");
  CHECK_THAT(proxy.TakeReplies().at(0), Contains("-countersign-connection"));
}

TEST_CASE("ext_proc: errors of the model's server", "[ext_proc]") {
  Fixture f;
  const Modes modes = GENERATE(kFull, kWhole);
  FakeProxy& proxy = f.Forward(modes);
  SECTION("are delivered") {
    f.Say(proxy, Response(429));
    f.Say(proxy, Body(Direction::kResponse, R"({"error":{"message":"slow down"}})", true));
    const std::string replies = absl::StrJoin(proxy.TakeReplies(), "\n");
    CHECK_THAT(replies, Contains(":status=429") && Contains("slow down"));
  }
  SECTION("about the proxy's credential are not") {
    f.Say(proxy, Response(401));
    const Replies replies = proxy.TakeReplies();
    REQUIRE(replies.size() == 1);
    CHECK_THAT(replies[0], StartsWith("immediate 502") && Contains("upstream_auth"));
  }
  SECTION("without a body") {
    f.Say(proxy, Response(500, "application/json", true));
    CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"), Contains("500") || Contains("502"));
  }
  CHECK(proxy.status() == "0");
  CHECK(f.end().outcome == Outcome::kUpstreamError);
}

TEST_CASE("ext_proc: trailers are taken and not passed on", "[ext_proc]") {
  Fixture f;
  SECTION("in full duplex they end the body") {
    FakeProxy& proxy = f.Open(kFull);
    f.Say(proxy, Body(Direction::kRequest, kPlainBody, false));
    f.Say(proxy, Trailers(Direction::kRequest));
    CHECK(proxy.TakeReplies().back() == "> trailers -x-sum");
    f.Say(proxy, Response(200));
    f.Say(proxy, Body(Direction::kResponse, kPlainAnswer, false));
    f.Say(proxy, Trailers(Direction::kResponse));
    CHECK(proxy.TakeReplies().back() == "< trailers -x-sum");
    CHECK(proxy.status() == "0");
  }
  SECTION("whole bodies are followed by them") {
    FakeProxy& proxy = f.Open(kWhole);
    f.Say(proxy, Body(Direction::kRequest, kPlainBody, false));
    CHECK_THAT(proxy.TakeReplies().back(), StartsWith("> body"));
    f.Say(proxy, Trailers(Direction::kRequest));
    CHECK(proxy.TakeReplies() == Replies{"> trailers -x-sum"});
    f.Say(proxy, Response(200));
    f.Say(proxy, Body(Direction::kResponse, kPlainAnswer, false));
    CHECK_THAT(proxy.TakeReplies().back(), StartsWith("< body"));
    CHECK(proxy.status().empty());
    f.Say(proxy, Trailers(Direction::kResponse));
    CHECK(proxy.TakeReplies() == Replies{"< trailers -x-sum"});
    CHECK(proxy.status() == "0");
  }
}

TEST_CASE("ext_proc: bodies above the limit are refused", "[ext_proc]") {
  Fixture f;
  grpc_calls::RpcOptions options;
  options.max_message_bytes = 100;
  RequestDispatcher small(f.services, options);
  small.SetRpcBackend(f.backend);
  FakeProxy& proxy = f.NewProxy();
  f.executor.Run([](RequestDispatcher& to, FakeProxy& from,
                    call::Upstream& upstream) -> async::Awaitable<bool> {
    co_await to.Handle(from, upstream);
    co_return true;
  }(small, proxy, f.upstream));
  f.Say(proxy, Request(kFull));
  f.Say(proxy, Body(Direction::kRequest, std::string(101, ' '), false));
  CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"), StartsWith("immediate 413"));
}

TEST_CASE("ext_proc: what ends an answer that has begun", "[ext_proc]") {
  Fixture f;
  FakeProxy& proxy = f.Forward(kFull, kStreamBody);
  f.Say(proxy, Response(200, "text/event-stream"));
  f.Say(proxy, Body(Direction::kResponse, Content("a"), false));
  CHECK_THAT(proxy.TakeReplies().back(), EndsWith(Content("a")));
  SECTION("an auditor") {
    f.recorder.Kill(f.session().start.session_id);
    f.Run();
    CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"), Contains("killed"));
    CHECK_FALSE(proxy.status().empty());
    CHECK(proxy.status() != "0");  // the proxy cuts the answer off
  }
  SECTION("its caller") {
    proxy.Close();
    f.Run();
    CHECK(f.end().outcome == Outcome::kCancelled);
    CHECK(proxy.status() == "1");
  }
  SECTION("the model, too early") {
    f.Say(proxy, Body(Direction::kResponse, "", true));
    const Replies replies = proxy.TakeReplies();
    REQUIRE(replies.size() == 2);
    CHECK_THAT(replies[0], Contains("upstream_error"));
    CHECK(replies[1] == "< end");
    CHECK(proxy.status() == "0");
    CHECK(f.end().outcome == Outcome::kUpstreamError);
  }
  SECTION("a model that goes on after its final marker") {
    f.Say(proxy, Body(Direction::kResponse, kFinished + kDone, false));
    CHECK_THAT(proxy.TakeReplies().back(), EndsWith(kDone));
    f.Advance(absl::Seconds(3));
    f.Say(proxy, Body(Direction::kResponse, ": more\n\n", false));
    CHECK(proxy.status().empty());
    f.Advance(absl::Seconds(2));
    CHECK(proxy.TakeReplies().empty());
    CHECK(proxy.status() == "10");
    CHECK(f.end().outcome == Outcome::kCompleted);
  }
  SECTION("a message out of order") {
    f.Say(proxy, Response(200));
    CHECK(proxy.status() != "0");
    CHECK(f.end().outcome == Outcome::kUpstreamError);
  }
}

TEST_CASE("ext_proc: a model that says nothing ends its call", "[ext_proc]") {
  Fixture f;
  FakeProxy& proxy = f.Forward(kFull);
  f.Advance(absl::Minutes(10));
  CHECK_THAT(absl::StrJoin(proxy.TakeReplies(), "\n"), StartsWith("immediate 504"));
  CHECK(proxy.status() == "0");
}

}  // namespace
}  // namespace countersign::edge::ext_proc
