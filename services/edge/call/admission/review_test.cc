// The life of a held call, with a clock that moves only when the test says so.

#include "services/edge/call/admission/review.h"

#include <catch2/catch.hpp>
#include <functional>

#include "libs/base/status.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::admission {
namespace {

using clients::FakeReviewGate;
using domain::Outcome;
using domain::ReviewState;
using testing::CallFixture;
using testing::kPlainAnswer;
using testing::kPlainBody;
using testing::kStreamBody;
using testing::OneCall;

constexpr char kWaiting[] = ": waiting\n\n";

absl::Status Because(absl::string_view reason) {
  return WithReason(absl::FailedPreconditionError("no grant"), reason);
}

// A gateway whose policy asks for a review, and whose model answers one plain call.
struct Reviewed : CallFixture {
  Reviewed() {
    Review();
    connection().credential = "openai-key";
    upstream.Answer(200, "application/json", {kPlainAnswer});
  }
  void Decide(ReviewState state, const std::string& reason = "") {
    reviews.wait.Always([=] { return FakeReviewGate::Status(state, reason); });
  }
};

TEST_CASE("Review: the call waits until the policy's hold has passed, however often it joins",
          "[edge]") {
  Reviewed f;
  f.Review(absl::Minutes(7));
  f.reviews.wait.Next([] { return FakeReviewGate::Status(ReviewState::kConsumed); });
  f.reviews.wait.Hold();
  const absl::Time until = f.clock.Now() + absl::Minutes(7);
  const OneCall& call = f.StartCall();
  f.Advance(absl::Minutes(3));
  REQUIRE(f.reviews.wait.ReleaseOne());  // others used the grant: the call joins again
  f.Run();
  CHECK(f.reviews.join.calls() == 2);
  CHECK(f.reviews.wait_deadlines() == std::vector<absl::Time>{until, until});
  f.reviews.wait.Release();
  f.Run();
  CHECK(call.ended());
  CHECK(call.caller.status() == 200);
}

TEST_CASE("Review: a plain call that is held hears nothing, however long it takes", "[edge]") {
  Reviewed f;
  f.reviews.wait.Hold();
  const OneCall& call = f.StartCall(kPlainBody);
  f.Advance(absl::Minutes(3));
  CHECK_FALSE(call.caller.begun());
  CHECK_FALSE(call.ended());
  CHECK(f.executor.timers() == 0);  // it owns no timer either
  f.reviews.wait.Release();
  f.Run();
  CHECK(call.caller.status() == 200);
  CHECK(call.caller.body() == kPlainAnswer);
}

TEST_CASE("Review: a held stream's head goes out after status_within, comments follow", "[edge]") {
  Reviewed f;
  f.options.status_within = absl::Seconds(10);
  f.options.waiting_every = absl::Seconds(15);
  f.reviews.wait.Hold();
  const OneCall& call = f.StartCall(kStreamBody);
  f.Advance(absl::Seconds(10) - absl::Nanoseconds(1));
  CHECK_FALSE(call.caller.begun());
  f.Advance(absl::Nanoseconds(1));
  REQUIRE(call.caller.begun());
  CHECK(call.caller.status() == 200);
  CHECK(call.caller.header("content-type") == "text/event-stream; charset=utf-8");
  CHECK(call.caller.header("x-countersign-session") == f.session().start.session_id);
  CHECK(call.caller.pieces() == std::vector<std::string>{kWaiting});
  f.Advance(absl::Seconds(14));
  CHECK(call.caller.pieces().size() == 1);
  f.Advance(absl::Seconds(1));
  CHECK(call.caller.pieces().size() == 2);
  f.Advance(absl::Minutes(1));
  CHECK(call.caller.pieces().size() == 6);
  CHECK(f.executor.timers() == 1);
  f.Decide(ReviewState::kDenied);
  f.reviews.wait.Release();
  f.Run();
}

TEST_CASE("Review: time that passed before the wait counts towards the head", "[edge]") {
  Reviewed f;
  f.options.status_within = absl::Seconds(10);
  f.reviews.join.Hold();
  f.reviews.wait.Hold();
  const OneCall& call = f.StartCall(kStreamBody);
  f.Advance(absl::Seconds(12));
  CHECK_FALSE(call.caller.begun());
  f.reviews.join.Release();
  f.Run();
  f.Advance(absl::ZeroDuration());
  CHECK(call.caller.pieces() == std::vector<std::string>{kWaiting});
}

TEST_CASE("Review: a caller that cannot be reached by a keep-alive is waited for no longer",
          "[edge]") {
  Reviewed f;
  f.reviews.wait.Hold();
  OneCall& call = f.NewCall(kStreamBody);
  call.caller.write.AlwaysFail(absl::UnavailableError("reset"));
  call.Start();
  f.Advance(absl::Seconds(10));
  CHECK(f.executor.timers() == 0);
  call.caller.Leave();
  f.Run();
  CHECK(call.ended());
  CHECK(f.end().outcome == Outcome::kCancelled);
  CHECK(f.reviews.left() == std::vector<std::string>{f.session().start.session_id});
}

TEST_CASE("Review: every state that a review can end in", "[edge]") {
  struct Case {
    ReviewState state;
    const char* code;
    Outcome outcome;
  };
  const Case cases[] = {{ReviewState::kUnspecified, "review_denied", Outcome::kReviewDenied},
                        {ReviewState::kDenied, "review_denied", Outcome::kReviewDenied},
                        {ReviewState::kCancelled, "review_denied", Outcome::kReviewDenied},
                        {ReviewState::kRevoked, "review_denied", Outcome::kReviewDenied},
                        {ReviewState::kExpired, "review_expired", Outcome::kReviewExpired},
                        {ReviewState::kPending, "review_pending", Outcome::kReviewPending}};
  for (const Case& each : cases) {
    for (const char* body : {kPlainBody, kStreamBody}) {
      Reviewed f;
      f.Decide(each.state, "too broad");
      const OneCall& call = f.StartCall(body);
      CAPTURE(static_cast<int>(each.state), body);
      REQUIRE(call.ended());
      CHECK(call.caller.status() == 403);
      CHECK(call.code() == each.code);
      CHECK(call.caller.header("x-countersign-review") == "review-1");
      CHECK(call.caller.header("x-should-retry") == "false");
      CHECK(f.end().outcome == each.outcome);
      CHECK(f.end().code == each.code);
      CHECK(f.reviews.consume.calls() == 0);
      CHECK(f.authenticator.lease.calls() == 0);
      CHECK(f.upstream.sent().empty());
    }
  }
}

TEST_CASE("Review: a part that fails while a call is reviewed closes the gate", "[edge]") {
  const absl::Status down = absl::UnavailableError("down");
  struct Case {
    const char* name;
    std::function<void(Reviewed&)> fail;
    const char* code;
  };
  const std::vector<Case> cases = {
      {"the session cannot be opened", [&](Reviewed& f) { f.recorder.open.FailNext(down); },
       "unavailable"},
      {"nobody takes the review", [&](Reviewed& f) { f.reviews.join.AlwaysFail(down); },
       "unavailable"},
      {"the waiting cannot be recorded",
       [&](Reviewed& f) {
         f.recorder.append.Next([] { return true; });
         f.recorder.append.FailNext(down);
       },
       "unavailable"},
      {"the wait breaks off", [&](Reviewed& f) { f.reviews.wait.AlwaysFail(down); }, "unavailable"},
      {"policy is down when it is asked again",
       [&](Reviewed& f) {
         f.decider.decide.Next([] { return CallFixture::AskForReview(); });
         f.decider.decide.AlwaysFail(down);
       },
       "unavailable"},
      {"the vault has no credential", [&](Reviewed& f) { f.authenticator.lease.AlwaysFail(down); },
       "unavailable"},
      {"the grant cannot be used", [&](Reviewed& f) { f.reviews.consume.AlwaysFail(down); },
       "unavailable"},
      {"the bytes are not those that were approved",
       [&](Reviewed& f) { f.reviews.consume.AlwaysFail(Because("binding_mismatch")); },
       "unavailable"},
      {"the approval has expired",
       [&](Reviewed& f) { f.reviews.consume.AlwaysFail(Because("review_expired")); },
       "review_expired"},
      {"the approval was revoked",
       [&](Reviewed& f) { f.reviews.consume.AlwaysFail(Because("review_revoked")); },
       "review_denied"},
      {"the use cannot be recorded",
       [&](Reviewed& f) {
         for (int i = 0; i < 2; ++i) f.recorder.append.Next([] { return true; });
         f.recorder.append.FailNext(down);
       },
       "unavailable"},
  };
  for (const Case& each : cases) {
    Reviewed f;
    each.fail(f);
    const OneCall& call = f.StartCall();
    CAPTURE(each.name, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.code() == each.code);
    CHECK(f.upstream.sent().empty());
    CHECK(f.executor.timers() == 0);
  }
}

// The places at which a reviewed call waits.
const std::vector<std::pair<const char*, std::function<void(Reviewed&)>>>& Holds() {
  static const auto& holds =
      *new std::vector<std::pair<const char*, std::function<void(Reviewed&)>>>{
          {"open", [](Reviewed& f) { f.recorder.open.Hold(); }},
          {"append", [](Reviewed& f) { f.recorder.append.Hold(); }},
          {"join", [](Reviewed& f) { f.reviews.join.Hold(); }},
          {"wait", [](Reviewed& f) { f.reviews.wait.Hold(); }},
          {"decide", [](Reviewed& f) { f.decider.decide.Hold(); }},
          {"lease", [](Reviewed& f) { f.authenticator.lease.Hold(); }},
          {"consume", [](Reviewed& f) { f.reviews.consume.Hold(); }},
      };
  return holds;
}

void ReleaseAll(Reviewed& f) {
  for (int i = 0; i < 8; ++i) {
    f.recorder.open.Release();
    f.recorder.append.Release();
    f.reviews.join.Release();
    f.reviews.wait.Release();
    f.decider.decide.Release();
    f.authenticator.lease.Release();
    f.reviews.consume.Release();
    f.Run();
  }
}

TEST_CASE("Review: a caller who leaves at any wait ends its session, and nothing is sent",
          "[edge]") {
  for (const auto& [name, hold] : Holds()) {
    Reviewed f;
    hold(f);
    OneCall& call = f.StartCall();
    CAPTURE(name);
    CHECK_FALSE(call.ended());
    call.caller.Leave();
    f.Run();
    ReleaseAll(f);
    REQUIRE(call.ended());
    CHECK(f.upstream.sent().empty());
    CHECK_FALSE(call.caller.begun());
    CHECK(f.end().outcome == Outcome::kCancelled);
    CHECK(f.executor.timers() == 0);
    // Only a call that waited for reviewers has to tell them that it waits no more.
    CHECK(f.reviews.left().size() == (name == std::string("wait") ? 1 : 0));
  }
}

TEST_CASE("Review: a caller who left before its session was open opens no review", "[edge]") {
  Reviewed f;
  f.recorder.open.Hold();
  OneCall& call = f.StartCall();
  call.caller.Leave();
  f.recorder.open.Release();
  f.Run();
  REQUIRE(call.ended());
  CHECK(f.reviews.join.calls() == 0);
  CHECK(f.end().outcome == Outcome::kCancelled);
}

TEST_CASE("Review: a drain or a kill ends a held call with its code, the review stays", "[edge]") {
  for (const bool killed : {false, true}) {
    Reviewed f;
    f.reviews.wait.Hold();
    OneCall& call = f.StartCall();
    if (killed) {
      f.recorder.Kill(f.session().start.session_id);
    } else {
      call.caller.cancellation().Cancel(absl::AbortedError("the process drains"));
    }
    f.Run();
    REQUIRE(call.ended());
    CHECK(call.code() == (killed ? "killed" : "unavailable"));
    CHECK(f.end().outcome == (killed ? Outcome::kKilled : Outcome::kAborted));
    CHECK(f.reviews.left().size() == 1);
    f.reviews.wait.Release();  // the answer is dropped
    f.Run();
    CHECK(f.upstream.sent().empty());
  }
}

TEST_CASE("Review: a process that stops tells held calls at once how to take their reviews up",
          "[edge]") {
  for (const bool streamed : {false, true}) {
    Reviewed f;
    f.reviews.wait.Hold();
    OneCall& call = f.StartCall(streamed ? kStreamBody : kPlainBody);
    REQUIRE_FALSE(call.ended());
    f.stopping.Stop();
    f.Run();
    REQUIRE(call.ended());
    CHECK(call.caller.status() == 403);
    CHECK(call.code() == "review_pending");
    CHECK(call.caller.header("x-should-retry") == "false");
    CHECK_FALSE(call.caller.header("x-countersign-review").empty());
    CHECK(call.caller.body().find("send the same call again") != std::string::npos);
    CHECK(f.end().outcome == Outcome::kReviewPending);
    CHECK(f.reviews.left().size() == 1);
    CHECK(f.upstream.sent().empty());
  }
}

TEST_CASE("Review: a call that comes while the process stops opens its review and does not wait",
          "[edge]") {
  Reviewed f;
  f.reviews.wait.Hold();
  f.stopping.Stop();
  OneCall& call = f.StartCall();
  REQUIRE(call.ended());
  CHECK(call.code() == "review_pending");
  CHECK(f.reviews.join.calls() == 1);
}

TEST_CASE("Review: what happens is durable in this order: open, join, waiting, use, send",
          "[edge]") {
  Reviewed f;
  f.recorder.append.Hold();
  const OneCall& call = f.StartCall();
  CHECK(f.reviews.join.calls() == 0);
  REQUIRE(f.recorder.append.ReleaseOne());  // the session with its decision
  f.Run();
  CHECK(f.reviews.join.calls() == 1);
  CHECK(f.reviews.wait.calls() == 0);
  REQUIRE(f.recorder.append.ReleaseOne());  // review.waiting
  f.Run();
  CHECK(f.reviews.wait.calls() == 1);
  CHECK(f.reviews.consume.calls() == 1);
  CHECK(f.upstream.sent().empty());
  REQUIRE(f.recorder.append.ReleaseOne());  // review.consumed and the intent to send
  f.Run();
  CHECK(f.upstream.sent().size() == 1);
  CHECK(call.ended());
  CHECK(f.events() == std::vector<std::string>{"decision", "review.waiting", "review.approved",
                                               "decision", "review.consumed", "forward",
                                               "response.head", "response.data"});
}

TEST_CASE("Review: the hash that was approved is of the bytes that are sent", "[edge]") {
  Reviewed f;
  f.StartCall();
  REQUIRE(f.upstream.sent().size() == 1);
  REQUIRE(f.reviews.joined().size() == 1);
  const domain::ReviewRequest asked = f.reviews.joined()[0];
  CHECK(asked.upstream_body == f.upstream.sent()[0].body);
  CHECK(asked.connection_version == 7);
  CHECK(asked.binding_hash.size() == 64);
  CHECK(f.reviews.consumed_hashes() == std::vector<std::string>{asked.binding_hash});
}

TEST_CASE("Review: an approval that was there before is used without waiting or asking again",
          "[edge]") {
  Reviewed f;
  f.reviews.join.Always([] { return FakeReviewGate::Status(ReviewState::kApproved); });
  const OneCall& call = f.StartCall();
  CHECK(call.caller.status() == 200);
  CHECK(f.reviews.wait.calls() == 0);
  CHECK(f.decider.decide.calls() == 1);
  CHECK(f.authenticator.authenticate.calls() == 1);
}

TEST_CASE("Review: after the hold the connection, the policy and the caller are looked at again",
          "[edge]") {
  struct Case {
    const char* name;
    std::function<void(Reviewed&)> change;
    const char* code;
  };
  const std::vector<Case> cases = {
      {"policy denies now",
       [](Reviewed& f) { f.decider.decide.Always([] { return domain::Decision(); }); },
       "policy_denied"},
      {"another masking profile",
       [](Reviewed& f) {
         f.decider.decide.Always([] {
           domain::Decision decision = CallFixture::AskForReview();
           decision.masking_profile = "strict";
           return decision;
         });
       },
       "policy_denied"},
      {"the connection has another version",
       [](Reviewed& f) {
         auto moved = std::make_shared<domain::ResourceSet>(*f.resources);
         moved->connections["openai"].version = 8;
         f.served.Serve(moved);
       },
       "policy_denied"},
      {"the connection is gone",
       [](Reviewed& f) { f.served.Serve(std::make_shared<domain::ResourceSet>()); },
       "unknown_connection"},
      {"the credential was revoked",
       [](Reviewed& f) {
         f.authenticator.Forget("key-1");
         f.credentials.Flush();
       },
       "unauthenticated"},
      {"the credential has expired",
       [](Reviewed& f) {
         domain::Principal expired = CallFixture::Principal("alice");
         expired.expires_at = f.clock.Now() - absl::Seconds(1);
         f.authenticator.Know("key-1", expired);
         f.credentials.Flush();
       },
       "unauthenticated"},
      {"authentication is down",
       [](Reviewed& f) {
         f.authenticator.authenticate.AlwaysFail(absl::UnavailableError("down"));
         f.authenticator.Forget("key-1");
         f.credentials.Flush();
       },
       "unavailable"},
      {"the caller has lost its role",
       [](Reviewed& f) {
         domain::Principal demoted = CallFixture::Principal("alice");
         demoted.roles.clear();
         f.authenticator.Know("key-1", demoted);
         f.credentials.Flush();
       },
       "permission_denied"},
  };
  for (const Case& each : cases) {
    Reviewed f;
    f.reviews.wait.Hold();
    const OneCall& call = f.StartCall();
    each.change(f);
    f.reviews.wait.Release();
    f.Run();
    CAPTURE(each.name, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.code() == each.code);
    CHECK(f.reviews.consume.calls() == 0);
    CHECK(f.authenticator.lease.calls() == 0);
    CHECK(f.upstream.sent().empty());
  }
}

TEST_CASE("Review: a bounded number of reviews is taken up when others use each grant first",
          "[edge]") {
  Reviewed f;
  f.reviews.join.Always([] { return FakeReviewGate::Status(ReviewState::kApproved); });
  f.reviews.consume.AlwaysFail(Because("review_exhausted"));
  const OneCall& call = f.StartCall();
  REQUIRE(call.ended());
  CHECK(call.code() == "review_pending");
  CHECK(f.reviews.consume.calls() == 16);
  CHECK(f.upstream.sent().empty());
  // A stream that answers CONSUMED for ever is bounded, too.
  Reviewed waiting;
  waiting.Decide(ReviewState::kConsumed);
  const OneCall& other = waiting.StartCall();
  REQUIRE(other.ended());
  CHECK(other.code() == "review_pending");
  CHECK(waiting.reviews.join.calls() == 16);
}

TEST_CASE("Review: a caller that does not want to wait leaves at once and is told where to ask",
          "[edge]") {
  Reviewed f;
  OneCall& call = f.NewCall();
  call.caller.request().headers.emplace_back("Prefer", "wait=5, Respond-Async");
  call.Start();
  REQUIRE(call.ended());
  CHECK(call.caller.status() == 202);
  CHECK(call.caller.header("x-countersign-review") == "review-1");
  CHECK(call.caller.body() ==
        R"({"review_id":"review-1","status_url":"/countersign/reviews/review-1"})");
  CHECK(f.end().outcome == Outcome::kReviewPending);
  CHECK(f.reviews.wait.calls() == 0);
  CHECK(f.reviews.left().size() == 1);
  // The 202 is given only when the session's end is on record.
  Reviewed failing;
  failing.recorder.end.AlwaysFail(absl::UnavailableError("down"));
  OneCall& refused = failing.NewCall();
  refused.caller.request().headers.emplace_back("prefer", "respond-async");
  refused.Start();
  CHECK(refused.caller.status() == 503);
}

}  // namespace
}  // namespace countersign::edge::call::admission
