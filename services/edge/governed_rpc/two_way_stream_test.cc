// Streams in which both sides send, from their frames to their status, without a network.

#include "services/edge/governed_rpc/two_way_stream.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/dialects/grpc_service/testing/chat_service.h"
#include "services/edge/testing/rpc_fixture.h"

namespace countersign::edge::governed_rpc {
namespace {

using clients::FakeReviewGate;
using dialects::grpc_service::testing::ChatSchema;
using dialects::grpc_service::testing::Field;
using dialects::grpc_service::testing::Frames;
using domain::Outcome;
using domain::ReviewState;
using edge::testing::CallFixture;
using edge::testing::FakeCallerConnection;
using edge::testing::RpcDetails;
using edge::testing::RpcFixture;
using edge::testing::RpcStatus;

const dialects::HeaderList kOk = {{"grpc-status", "0"}};

std::string Ask(absl::string_view text) { return Frames({Field(2, Field(2, text))}); }
std::string Say(absl::string_view text) { return Frames({Field(3, text)}); }

struct Fixture : RpcFixture {
  Fixture() { AddConnection("chat", domain::Protocol::kGrpc).schema = ChatSchema(); }

  FakeCallerConnection& NewCaller(std::string body) {
    return RpcFixture::NewCaller("chat", "/chat.Chat/Talk", std::move(body));
  }
  FakeCallerConnection& Call(std::string body) {
    FakeCallerConnection& caller = NewCaller(std::move(body));
    Handle(caller);
    return caller;
  }

  static domain::Decision Allow(const std::string& profile = "none") {
    domain::Decision decision;
    decision.verdict = domain::Verdict::kAllow;
    decision.masking_profile = profile;
    return decision;
  }
  static domain::Decision Deny() {
    domain::Decision decision;
    decision.message = "not here";
    return decision;
  }
  Outcome outcome(std::size_t session) const {
    const auto end = recorder.sessions().at(session).end;
    return end ? end->outcome : Outcome::kRunning;
  }
};

TEST_CASE("Two-way stream: each message is decided, all go to one stream with one answer",
          "[governed_rpc]") {
  Fixture f;
  f.upstream.read.Hold();
  f.upstream.AnswerRpc({Say("one"), Say("two")}, kOk);
  const FakeCallerConnection& caller = f.Call(Ask("a") + Ask("b") + Ask("c"));
  f.upstream.read.Release();
  f.Run();
  CHECK(RpcStatus(caller) == "0");
  CHECK(caller.body() == Say("one") + Say("two"));
  REQUIRE(f.upstream.sent().size() == 3);
  CHECK(f.upstream.sent()[0].body == Ask("a"));
  CHECK(f.upstream.sent()[1].body == Ask("b"));
  CHECK(f.upstream.sent()[2].body == Ask("c"));
  CHECK(f.upstream.finished() == 1);
  const auto sessions = f.recorder.sessions();
  REQUIRE(sessions.size() == 3);
  CHECK(sessions[0].start.body == Ask("a"));
  CHECK(sessions[1].start.body == Ask("b"));
  CHECK(sessions[1].start.request_id == sessions[0].start.request_id + "-2");
  for (std::size_t i = 0; i < 3; ++i) CHECK(f.outcome(i) == Outcome::kCompleted);
  CHECK(caller.header("x-countersign-session") == sessions[0].start.session_id);
}

TEST_CASE("Two-way stream: the answer is masked across messages, and in the first session",
          "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Always([] { return Fixture::Allow("standard"); });
  f.upstream.read.Hold();
  f.upstream.AnswerRpc({Say("a SEC"), Say("RET b")}, kOk);
  const FakeCallerConnection& caller = f.Call(Ask("a") + Ask("b"));
  CHECK(f.upstream.sent().size() == 2);
  f.upstream.read.Release();
  f.Run();
  CHECK(RpcStatus(caller) == "0");
  CHECK(caller.body() == Say("a <S>") + Say(" b"));
  std::string recorded;
  const auto sessions = f.recorder.sessions();
  for (const auto& event : sessions[0].events) {
    if (event.type != domain::event_type::kResponseData) continue;
    recorded += domain::ReadResponseDataPayload(event.payload).value();
  }
  CHECK(absl::StartsWith(recorded, caller.body()));
}

TEST_CASE("Two-way stream: a pause within a match changes nothing", "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Always([] { return Fixture::Allow("standard"); });
  f.upstream.AnswerRpc({Say("a SEC"), Say("RET b")}, kOk);
  f.upstream.read.Hold();
  FakeCallerConnection& caller = f.NewCaller(Ask("a"));
  caller.keeps_sending = true;
  f.Handle(caller);
  f.upstream.read.ReleaseOne();
  f.Run();
  f.Advance(absl::Minutes(4));
  CHECK(caller.body().empty());
  f.upstream.read.ReleaseOne();
  f.Run();
  CHECK(caller.body() == Say("a <S>") + Say(" b"));
}

TEST_CASE("Two-way stream: where a pause ends texts what is held is sent then", "[governed_rpc]") {
  Fixture f;
  f.resources->connections["chat"].texts_end_after = absl::Seconds(1);
  f.decider.decide.Always([] { return Fixture::Allow("standard"); });
  f.upstream.AnswerRpc({Say("well, SEC"), Say("RET"), Say("a SEC"), Say("RET b")}, kOk);
  f.upstream.read.Hold();
  FakeCallerConnection& caller = f.NewCaller(Ask("a"));
  caller.keeps_sending = true;
  f.Handle(caller);
  const auto say = [&] {
    f.upstream.read.ReleaseOne();
    f.Run();
  };
  say();
  CHECK(caller.body().empty());
  f.Advance(absl::Seconds(2));
  CHECK(caller.body() == Say("well, SEC"));
  say();
  say();
  f.Advance(absl::Milliseconds(500));
  CHECK(caller.body() == Say("well, SEC") + Say("RET"));
  say();
  CHECK(caller.body() == Say("well, SEC") + Say("RET") + Say("a <S>") + Say(" b"));
  say();
  CHECK(RpcStatus(caller) == "0");
}

TEST_CASE("Two-way stream: a denied message ends the stream and is not sent", "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Next([] { return Fixture::Allow(); });
  f.decider.decide.Next([] { return Fixture::Deny(); });
  f.upstream.send.Hold();
  const FakeCallerConnection& caller = f.Call(Ask("a") + Ask("b") + Ask("c"));
  CHECK(RpcStatus(caller) == "7");
  CHECK(caller.trailer("grpc-message") == "not here");
  CHECK_THAT(RpcDetails(caller), Catch::Contains("policy_denied"));
  REQUIRE(f.upstream.sent().size() == 1);
  CHECK(f.upstream.finished() == 0);
  REQUIRE(f.recorder.sessions().size() == 2);
  CHECK(f.outcome(0) == Outcome::kAborted);
  CHECK(f.outcome(1) == Outcome::kBlocked);
}

TEST_CASE("Two-way stream: a denied first message opens nothing upstream", "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Always([] { return Fixture::Deny(); });
  FakeCallerConnection& caller = f.NewCaller(Ask("a"));
  caller.keeps_sending = true;
  f.Handle(caller);
  CHECK(RpcStatus(caller) == "7");
  CHECK(f.upstream.sent().empty());
}

TEST_CASE("Two-way stream: a held message waits, answers to earlier ones go on", "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Next([] { return Fixture::Allow(); });
  f.decider.decide.Next([] { return CallFixture::AskForReview(); });
  f.reviews.wait.Hold();
  f.upstream.read.Hold();
  f.upstream.AnswerRpc({Say("one"), Say("two")}, kOk);
  const FakeCallerConnection& caller = f.Call(Ask("a") + Ask("b") + Ask("c"));
  CHECK(f.upstream.sent().size() == 1);
  f.upstream.read.ReleaseOne();
  f.Run();
  CHECK(caller.body() == Say("one"));
  CHECK(f.recorder.sessions().size() == 2);
  f.reviews.wait.Release();
  f.Run();
  CHECK(f.upstream.sent().size() == 3);
  CHECK(!caller.finished());
  f.upstream.read.Release();
  f.Run();
  CHECK(RpcStatus(caller) == "0");
  CHECK(caller.body() == Say("one") + Say("two"));
}

TEST_CASE("Two-way stream: a reviewer's denial is the stream's status", "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Next([] { return Fixture::Allow(); });
  f.decider.decide.Next([] { return CallFixture::AskForReview(); });
  f.reviews.wait.Always([] { return FakeReviewGate::Status(ReviewState::kDenied, "no"); });
  f.upstream.send.Hold();
  const FakeCallerConnection& caller = f.Call(Ask("a") + Ask("b"));
  CHECK(RpcStatus(caller) == "7");
  CHECK_THAT(RpcDetails(caller), Catch::Contains("review_denied") && Catch::Contains("review-1"));
  CHECK(f.upstream.sent().size() == 1);
}

TEST_CASE("Two-way stream: an approval is for a message after exactly those before it",
          "[governed_rpc]") {
  const auto targets = [](const std::string& body) {
    Fixture f;
    f.upstream.read.Hold();
    f.upstream.AnswerRpc({}, kOk);
    const FakeCallerConnection& caller = f.Call(body);
    f.upstream.read.Release();
    f.Run();
    CHECK(RpcStatus(caller) == "0");
    std::vector<std::string> found;
    for (const auto& sent : f.upstream.sent()) found.push_back(sent.head.target);
    return found;
  };
  const auto one = targets(Ask("a") + Ask("b") + Ask("c"));
  const auto same = targets(Ask("a") + Ask("b") + Ask("c"));
  const auto other = targets(Ask("x") + Ask("b") + Ask("c"));
  REQUIRE(one.size() == 3);
  CHECK(one == same);
  CHECK(one[0] == "/chat.Chat/Talk");
  CHECK_THAT(one[1], Catch::StartsWith("/chat.Chat/Talk?after="));
  CHECK(one[1] != other.at(1));
  CHECK(one[2] != other.at(2));
}

TEST_CASE("Two-way stream: a message whose answer would be masked in another way is refused",
          "[governed_rpc]") {
  Fixture f;
  f.decider.decide.Next([] { return Fixture::Allow("none"); });
  f.decider.decide.Next([] { return Fixture::Allow("standard"); });
  f.upstream.send.Hold();
  const FakeCallerConnection& caller = f.Call(Ask("a") + Ask("b"));
  CHECK(RpcStatus(caller) == "9");
  CHECK_THAT(RpcDetails(caller), Catch::Contains("policy_denied"));
  CHECK(f.upstream.sent().size() == 1);
}

TEST_CASE("Two-way stream: the end of the answer ends the stream", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Say("enough")}, {{"grpc-status", "3"}, {"grpc-message", "enough"}});
  FakeCallerConnection& caller = f.NewCaller(Ask("a"));
  caller.keeps_sending = true;
  f.Handle(caller);
  CHECK(RpcStatus(caller) == "3");
  CHECK(caller.body() == Say("enough"));
  CHECK(f.upstream.finished() == 0);
  CHECK(f.outcome(0) == Outcome::kUpstreamError);
}

TEST_CASE("Two-way stream: a message that cannot be sent any more does not hide the answer",
          "[governed_rpc]") {
  Fixture f;
  f.upstream.send.Hold();
  f.upstream.AnswerRpc({}, {{"grpc-status", "8"}, {"grpc-message", "full"}});
  f.upstream.write.AlwaysFail(absl::UnavailableError("it is closed"));
  const FakeCallerConnection& caller = f.Call(Ask("a") + Ask("b"));
  CHECK(!caller.finished());
  f.upstream.send.Release();
  f.Run();
  CHECK(RpcStatus(caller) == "8");
}

TEST_CASE("Two-way stream: a caller that leaves, or whose deadline passes", "[governed_rpc]") {
  Fixture f;
  f.upstream.read.Hold();
  f.upstream.AnswerRpc({Say("one")}, kOk);
  FakeCallerConnection& caller = f.NewCaller(Ask("a"));
  caller.keeps_sending = true;
  f.Handle(caller);
  caller.Leave();
  f.Run();
  CHECK(f.outcome(0) == Outcome::kCancelled);
  CHECK(f.upstream.dropped() == 1);

  Fixture g;
  g.upstream.send.Hold();
  FakeCallerConnection& late = g.NewCaller(Ask("a"));
  late.keeps_sending = true;
  late.request().headers.emplace_back("grpc-timeout", "30S");
  g.Handle(late);
  g.Advance(absl::Seconds(31));
  CHECK(RpcStatus(late) == "4");
  CHECK(g.outcome(0) == Outcome::kCancelled);
}

TEST_CASE("Two-way stream: no message at all, and one that cannot be read", "[governed_rpc]") {
  Fixture f;
  f.upstream.AnswerRpc({Say("hello")}, kOk);
  const FakeCallerConnection& silent = f.Call("");
  CHECK(RpcStatus(silent) == "0");
  CHECK(silent.body() == Say("hello"));
  f.upstream.send.Hold();
  CHECK(RpcStatus(f.Call(Ask("a") + Frames({Field(1, "\xff")}))) == "3");
  CHECK(f.upstream.sent().size() == 2);
}

}  // namespace
}  // namespace countersign::edge::governed_rpc
