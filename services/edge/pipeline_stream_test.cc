// Streams through the whole edge: masked, recorded before they are sent, and never silently
// truncated.

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/testing/edge_testing.h"

namespace countersign::edge {
namespace {

using domain::Outcome;
using testing::Answer;
using testing::Content;
using testing::Fixture;
using testing::kDone;
using testing::kFinished;
using testing::kUsage;
using testing::RawClient;
using testing::ScriptedUpstream;

TEST_CASE("Stream: is forwarded as it arrives; usage is counted, not forwarded", "[edge]") {
  Fixture f;
  f.upstream.Behave(
      ScriptedUpstream::Stream({Content("a"), Content("b"), kFinished, kUsage, kDone}));
  const Answer answer = f.Stream();
  CHECK(answer.status == 200);
  CHECK(answer.complete);
  CHECK(answer.Header("content-type") == "text/event-stream");
  CHECK(answer.Header("x-accel-buffering") == "no");
  CHECK(answer.body == absl::StrCat(Content("a"), Content("b"), kFinished, kDone));
  CHECK(absl::StrContains(f.upstream.received().front().body, "include_usage"));
  CHECK(f.End().outcome == Outcome::kCompleted);
  CHECK(f.End().input_tokens == 5);
  CHECK(f.End().output_tokens == 4);
  CHECK(f.Recorded() == answer.body);
}

TEST_CASE("Stream: a secret split over events is masked, and recorded as delivered", "[edge]") {
  Fixture f;
  f.decider.AllowAll("tier1");
  f.upstream.Behave(ScriptedUpstream::Stream(
      {Content("my SEC"), Content("RET is"), Content(" SE"), kFinished, kUsage, kDone}));
  const Answer answer = f.Stream();
  CHECK(!absl::StrContains(answer.body, "SEC"));
  CHECK(absl::StrContains(answer.body, Content("my ")));
  CHECK(absl::StrContains(answer.body, "<S> is"));
  CHECK(f.Recorded() == answer.body);
  CHECK(f.End().masked == std::map<std::string, std::uint32_t>{{"secret", 1}});
}

TEST_CASE(
    "Stream: an event of an unknown form is masked, or ends the stream if the profile says so",
    "[edge]") {
  const std::string odd = "event: odd\ndata: {\"type\":\"odd\",\"note\":\"a SECRET\"}\n\n";
  {
    Fixture f;
    f.decider.AllowAll("tier1");
    f.upstream.Behave(ScriptedUpstream::Stream({Content("a"), odd, kFinished, kDone}));
    CHECK(absl::StrContains(f.Stream().body, R"("note":"a <S>")"));
    CHECK(f.End().outcome == Outcome::kCompleted);
  }
  Fixture f;
  f.decider.AllowAll("tier1");
  f.masker.set_unknown_events(domain::UnknownEvents::kRefuse);
  f.upstream.Behave(ScriptedUpstream::Stream({Content("a"), odd, kFinished, kDone}));
  const Answer answer = f.Stream();
  CHECK(!absl::StrContains(answer.body, "odd"));
  CHECK(!absl::StrContains(answer.body, "[DONE]"));
  CHECK(absl::StrContains(answer.body, R"("code":"upstream_error")"));
  CHECK(absl::StrContains(answer.body, "unknownEvents: refuse"));
  CHECK(f.End().outcome == Outcome::kAborted);
}

TEST_CASE("Stream: no piece is sent before it is durable", "[edge]") {
  Fixture f;
  f.upstream.Behave(ScriptedUpstream::Hang(Content("first")));
  RawClient client = f.Connect();
  f.recorder.append.Hold();
  client.Send(Fixture::Post(Fixture::kStream));
  f.recorder.append.WaitForHeld(1);
  REQUIRE(f.recorder.append.ReleaseOne());  // the intent to send
  f.recorder.append.WaitForHeld(1);         // the first piece
  CHECK(testing::ReadHead(client).status == 200);
  CHECK(f.Events() == std::vector<std::string>{"decision", "forward"});
  f.recorder.append.Release();
  CHECK(testing::ReadChunk(client) == Content("first"));
  CHECK(f.Recorded() == Content("first"));
}

TEST_CASE("Stream: [DONE] is sent only after the end is durable", "[edge]") {
  Fixture f;
  f.upstream.Behave(ScriptedUpstream::Stream({Content("a") + kFinished + kDone}));
  f.recorder.end.AlwaysFail(absl::UnavailableError("down"));
  const Answer answer = f.Stream();
  CHECK(absl::StrContains(answer.body, Content("a")));
  CHECK(!absl::StrContains(answer.body, "[DONE]"));
  CHECK(absl::StrContains(answer.body, R"("code":"unavailable")"));
}

TEST_CASE("Stream: with ordered recording pieces may be sent earlier, the end may not", "[edge]") {
  Fixture f;
  f.decider.decide.Always([] {
    domain::Decision decision;
    decision.verdict = domain::Verdict::kAllow;
    decision.masking_profile = "none";
    decision.recording = domain::Recording::kOrdered;
    return decision;
  });
  f.upstream.Behave(ScriptedUpstream::Hang(Content("first")));
  RawClient client = f.Connect();
  f.recorder.append.Hold();
  client.Send(Fixture::Post(Fixture::kStream));
  f.recorder.append.WaitForHeld(1);
  REQUIRE(f.recorder.append.ReleaseOne());
  CHECK(testing::ReadHead(client).status == 200);
  CHECK(testing::ReadChunk(client) == Content("first"));
  f.recorder.append.Release();
}

TEST_CASE("Stream: the end of an answer is not sent unless recorded as completed", "[edge]") {
  const absl::Status lost = WithReason(absl::AbortedError("events were lost"), "recording_lost");
  {
    Fixture f;
    f.upstream.Behave(ScriptedUpstream::Stream({Content("a"), kFinished, kDone}));
    f.recorder.end.AlwaysFail(lost);
    const Answer answer = f.Stream();
    CHECK(absl::StrContains(answer.body, R"("code":"unavailable")"));
    CHECK(!absl::StrContains(answer.body, "[DONE]"));
  }
  Fixture f;
  f.recorder.end.AlwaysFail(lost);
  const Answer answer = f.Chat();
  CHECK(answer.status == 503);
  CHECK(!absl::StrContains(answer.body, "hello"));
}

TEST_CASE("Stream: a service that fails in the middle ends it in-band, without [DONE]", "[edge]") {
  const auto ends_with = [](auto fail, Outcome outcome, const char* code) {
    Fixture f;
    f.decider.AllowAll("tier1");
    f.upstream.Behave(ScriptedUpstream::Hang(Content("first")));
    RawClient client = f.Connect();
    client.Send(Fixture::Post(Fixture::kStream));
    CHECK(testing::ReadHead(client).status == 200);
    CHECK(testing::ReadChunk(client) == Content("first"));
    fail(f);
    f.upstream.Behave(ScriptedUpstream::Stream({}));
    std::string rest;
    bool complete = false;
    for (std::string chunk; !(chunk = testing::ReadChunk(client, &complete)).empty();) {
      rest += chunk;
    }
    CHECK(complete);
    CHECK(absl::StrContains(rest, absl::StrCat("\"code\":\"", code, "\"")));
    CHECK(!absl::StrContains(rest, "[DONE]"));
    CHECK(f.End().outcome == outcome);
  };
  ends_with([](Fixture& f) { f.recorder.Kill(f.recorder.sessions().front().start.session_id); },
            Outcome::kKilled, "killed");
}

TEST_CASE("Stream: after masking or recording was lost nothing more is sent", "[edge]") {
  const absl::Status down = absl::UnavailableError("down");
  for (const bool masking : {true, false}) {
    Fixture f;
    f.decider.AllowAll("tier1");
    f.upstream.Behave(ScriptedUpstream::Stream({Content("a"), kFinished, kDone}));
    if (masking) {
      f.masker.feed.AlwaysFail(down);
    } else {
      f.recorder.append.Next([] { return true; });
      f.recorder.append.AlwaysFail(down);
    }
    const Answer answer = f.Stream();
    CHECK(answer.status == 200);
    CHECK(!absl::StrContains(answer.body, Content("a")));
    CHECK(!absl::StrContains(answer.body, "[DONE]"));
    CHECK(absl::StrContains(answer.body, R"("code":"unavailable")"));
    if (masking) CHECK(f.End().outcome == Outcome::kAborted);
  }
}

TEST_CASE("Stream: an upstream that breaks off is an in-band error, and held text is dropped",
          "[edge]") {
  for (const bool finish : {true, false}) {
    Fixture f;
    f.decider.AllowAll("tier1");
    f.upstream.Behave(ScriptedUpstream::Stream({Content("my SEC")}, finish));
    const Answer answer = f.Stream();
    CHECK(answer.complete);
    CHECK(!absl::StrContains(answer.body, "SEC"));
    CHECK(!absl::StrContains(answer.body, "[DONE]"));
    CHECK(absl::StrContains(answer.body, R"("code":"upstream_error")"));
    CHECK(f.End().outcome == Outcome::kUpstreamError);
    CHECK(f.Recorded() == answer.body);
  }
}

TEST_CASE("Stream: an upstream's error event is forwarded and ends the stream", "[edge]") {
  Fixture f;
  const std::string error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
  f.upstream.Behave(ScriptedUpstream::Stream({Content("a"), error}));
  const Answer answer = f.Stream();
  CHECK(answer.complete);
  CHECK(answer.body == Content("a") + error);
  CHECK(f.End().outcome == Outcome::kUpstreamError);
}

TEST_CASE("Stream: an upstream that refuses a stream gives its own status", "[edge]") {
  Fixture f;
  f.upstream.Behave(ScriptedUpstream::Json(400, R"({"error":{"code":"bad"}})"));
  const Answer answer = f.Stream();
  CHECK(answer.status == 400);
  CHECK(answer.body == R"({"error":{"code":"bad"}})");
}

TEST_CASE("Stream: a caller that leaves in the middle cancels the upstream at once", "[edge]") {
  Fixture f;
  testing::Signal left;
  f.upstream.Behave(ScriptedUpstream::Hang(Content("first"), &left));
  {
    RawClient client = f.Connect();
    client.Send(Fixture::Post(Fixture::kStream));
    testing::ReadHead(client);
    CHECK(testing::ReadChunk(client) == Content("first"));
  }
  CHECK(left.Wait());
  CHECK(f.End().outcome == Outcome::kCancelled);
  CHECK(f.Recorded() == Content("first"));
}

TEST_CASE(
    "Stream: a caller who is no longer authorized gets an in-band error, and the model is "
    "cancelled",
    "[edge]") {
  Fixture f;
  testing::Signal left;
  f.upstream.Behave(ScriptedUpstream::Hang(Content("first"), &left));
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kStream));
  testing::ReadHead(client);
  CHECK(testing::ReadChunk(client) == Content("first"));
  std::string code;
  SECTION("its key is revoked") {
    f.authenticator.Forget("key-1");
    code = "unauthenticated";
  }
  SECTION("its role is taken away") {
    domain::Principal alice = Fixture::Principal("alice");
    alice.roles = {{domain::Role::kCaller, {"another"}}, {domain::Role::kAuditor, {}}};
    f.authenticator.Know("key-1", alice);
    code = "permission_denied";
  }
  f.edge.credentials().Flush();
  const std::string last = testing::ReadChunk(client);
  CHECK(absl::StrContains(last, absl::StrCat(R"("code":")", code, R"(")")));
  CHECK(left.Wait());
  const domain::SessionEnd end = f.End();
  CHECK(end.outcome == Outcome::kAborted);
  CHECK(end.code == code);
  CHECK(f.Recorded() == Content("first") + last);
}

TEST_CASE("Stream: a drain lets it be told, in-band, that the gateway stops", "[edge]") {
  Fixture f;
  f.upstream.Behave(ScriptedUpstream::Hang(Content("first")));
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kStream));
  testing::ReadHead(client);
  CHECK(testing::ReadChunk(client) == Content("first"));
  f.edge.Drain(absl::Milliseconds(10));
  CHECK(absl::StrContains(testing::ReadChunk(client), R"("code":"unavailable")"));
  CHECK(f.End().outcome == Outcome::kAborted);
}

}  // namespace
}  // namespace countersign::edge
