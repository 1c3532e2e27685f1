// Calls that need a review, through the whole edge.

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/testing/edge_testing.h"

namespace countersign::edge {
namespace {

using clients::FakeReviewGate;
using domain::Outcome;
using domain::ReviewState;
using testing::Answer;
using testing::Fixture;
using testing::RawClient;
using testing::ScriptedUpstream;

absl::Status Because(absl::string_view reason) {
  return WithReason(absl::FailedPreconditionError("no grant"), reason);
}

// A stream's head and keep-alives are sent almost at once.
EdgeConfig Hasty() {
  EdgeConfig config;
  config.calls.status_within = absl::Milliseconds(5);
  config.calls.waiting_every = absl::Milliseconds(5);
  return config;
}

TEST_CASE("Review: an approved call is sent exactly as it was reviewed, once its grant is used",
          "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.consume.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kPlain));
  f.reviews.consume.WaitForHeld(1);
  CHECK(f.upstream.received().empty());
  f.reviews.consume.Release();
  CHECK(testing::ReadAnswer(client).status == 200);
  REQUIRE(f.reviews.joined().size() == 1);
  const domain::ReviewRequest asked = f.reviews.joined().front();
  CHECK(asked.upstream_body == f.upstream.received().front().body);
  CHECK(asked.connection_version == 7);
  CHECK(f.reviews.consumed_hashes() == std::vector<std::string>{asked.binding_hash});
  CHECK(f.Events() == std::vector<std::string>{"decision", "review.waiting", "review.approved",
                                               "decision", "review.consumed", "forward",
                                               "response.head", "response.data"});
  const auto events = f.recorder.sessions().front().events;
  CHECK(absl::StrContains(events[5].payload, asked.binding_hash));
  CHECK(absl::StrContains(events[4].payload, "rita"));
  CHECK(f.decider.asked().size() == 2);  // decided again at release
}

TEST_CASE("Review: what reviewers are shown is read from the body that will be sent", "[edge]") {
  Fixture f;
  f.Review();
  CHECK(
      f.Call(Fixture::Post(R"({"model":"gpt-4o","stream":true,"tool_choice":"none",)"
                           R"("messages":[{"role":"user","content":["hi",{"type":"image_url",)"
                           R"("image_url":{"url":"data:image/png;base64,iVBORw0KGgoA/w=="}}]}]})"))
          .status == 200);
  REQUIRE(f.reviews.joined().size() == 1);
  const domain::ReviewRequest asked = f.reviews.joined().front();
  std::vector<std::string> members;
  for (const domain::PlainMember& each : asked.prompt->members) {
    members.push_back(each.pointer + "=" + each.json);
  }
  CHECK(members == std::vector<std::string>{"/stream_options/include_usage=true",
                                            "/model=\"gpt-4o\"", "/stream=true",
                                            "/tool_choice=\"none\"", "/messages/0/role=\"user\"",
                                            "/messages/0/content/1/type=\"image_url\""});
  REQUIRE(asked.prompt->media.size() == 1);
  CHECK(asked.prompt->media[0].type == "image/png");
  CHECK(asked.prompt->media[0].size == 10);
}

TEST_CASE(
    "Review: a review opens after its session is durable, nothing is used before the waiting "
    "is on record, nothing sent before the use is",
    "[edge]") {
  Fixture f;
  f.Review();
  f.recorder.append.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kPlain));
  f.recorder.append.WaitForHeld(1);
  CHECK(f.reviews.join.calls() == 0);
  REQUIRE(f.recorder.append.ReleaseOne());
  f.recorder.append.WaitForHeld(1);
  CHECK(f.reviews.wait.calls() == 0);
  REQUIRE(f.recorder.append.ReleaseOne());
  f.recorder.append.WaitForHeld(1);
  CHECK(f.reviews.consume.calls() == 1);
  CHECK(f.upstream.received().empty());
  f.recorder.append.Release();
  CHECK(testing::ReadAnswer(client).status == 200);
}

TEST_CASE("Review: a refused, expired or undecided call fails with its code and its review",
          "[edge]") {
  const std::tuple<ReviewState, const char*, Outcome> cases[] = {
      {ReviewState::kDenied, "review_denied", Outcome::kReviewDenied},
      {ReviewState::kExpired, "review_expired", Outcome::kReviewExpired},
      {ReviewState::kCancelled, "review_denied", Outcome::kReviewDenied},
      {ReviewState::kRevoked, "review_denied", Outcome::kReviewDenied},
      {ReviewState::kPending, "review_pending", Outcome::kReviewPending}};
  for (const auto& [state, code, outcome] : cases) {
    Fixture f;
    f.Review();
    f.reviews.wait.Always([state = state] { return FakeReviewGate::Status(state, "too broad"); });
    const Answer answer = f.Chat();
    CAPTURE(code);
    CHECK(answer.status == 403);
    CHECK(Fixture::Code(answer) == code);
    CHECK(answer.Header("x-countersign-review") == "review-1");
    CHECK(answer.Header("x-should-retry") == "false");
    CHECK(absl::StrContains(answer.body, R"("review_id":"review-1")"));
    CHECK(absl::StrContains(answer.body, "too broad") == (std::string(code) == "review_denied"));
    CHECK(f.End().outcome == outcome);
    CHECK(f.upstream.received().empty());
    CHECK(f.reviews.consume.calls() == 0);
  }
}

TEST_CASE("Review: a call that was denied before is refused without waiting", "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.join.Always([] { return FakeReviewGate::Status(ReviewState::kDenied); });
  CHECK(Fixture::Code(f.Chat()) == "review_denied");
  CHECK(f.reviews.wait.calls() == 0);
}

TEST_CASE("Review: a call whose grant others always use first is refused eventually", "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.join.Always([] { return FakeReviewGate::Status(ReviewState::kApproved); });
  f.reviews.consume.AlwaysFail(Because("review_exhausted"));
  const Answer answer = f.Chat();
  CHECK(answer.status == 403);
  CHECK(Fixture::Code(answer) == "review_pending");
  CHECK(f.reviews.consume.calls() == 16);
  CHECK(f.End().outcome == Outcome::kReviewPending);
  CHECK(f.upstream.received().empty());
}

TEST_CASE("Review: when others used the grant first, the call joins another review", "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.consume.FailNext(Because("review_exhausted"));
  f.reviews.wait.Next([] { return FakeReviewGate::Status(ReviewState::kApproved); });
  f.reviews.wait.Next([] { return FakeReviewGate::Status(ReviewState::kConsumed); });
  CHECK(f.Chat().status == 200);
  CHECK(f.reviews.join.calls() == 3);
  CHECK(f.upstream.received().size() == 1);
}

TEST_CASE("Review: when the grant is gone at the last moment, nothing is sent", "[edge]") {
  const std::pair<const char*, const char*> cases[] = {{"review_expired", "review_expired"},
                                                       {"review_revoked", "review_denied"},
                                                       {"binding_mismatch", "unavailable"}};
  for (const auto& [reason, code] : cases) {
    Fixture f;
    f.Review();
    f.reviews.consume.AlwaysFail(Because(reason));
    CHECK(Fixture::Code(f.Chat()) == code);
    CHECK(f.upstream.received().empty());
  }
}

TEST_CASE("Review: at release the credential and the policy are checked again", "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kPlain));
  f.reviews.wait.WaitForHeld(1);
  SECTION("a deny wins") {
    f.decider.decide.Always([] { return domain::Decision(); });
    f.reviews.wait.Release();
    CHECK(Fixture::Code(testing::ReadAnswer(client)) == "policy_denied");
  }
  SECTION("a caller who lost the role meanwhile is refused") {
    domain::Principal demoted = Fixture::Principal("alice");
    demoted.roles.clear();
    f.authenticator.Know("key-1", demoted);
    f.edge.credentials().Flush();
    f.reviews.wait.Release();
    CHECK(Fixture::Code(testing::ReadAnswer(client)) == "permission_denied");
  }
  SECTION("a revoked credential ends the call") {
    f.authenticator.Forget("key-1");
    f.edge.credentials().Flush();
    f.reviews.wait.Release();
    CHECK(testing::ReadAnswer(client).status == 401);
  }
  SECTION("a changed connection does not get a call approved for its old address") {
    auto moved = std::make_shared<domain::ResourceSet>(*f.resources);
    moved->connections["openai"].url = "http://127.0.0.1:9/v1";
    moved->connections["openai"].version = 8;
    REQUIRE(f.edge.Serve(moved).ok());
    f.reviews.wait.Release();
    const Answer answer = testing::ReadAnswer(client);
    CHECK(answer.status == 403);
    CHECK(Fixture::Code(answer) == "policy_denied");
  }
  SECTION("a deleted connection is unknown") {
    REQUIRE(f.edge.Serve(std::make_shared<domain::ResourceSet>()).ok());
    f.reviews.wait.Release();
    const Answer answer = testing::ReadAnswer(client);
    CHECK(answer.status == 404);
    CHECK(Fixture::Code(answer) == "unknown_connection");
  }
  CHECK(f.End().outcome == Outcome::kBlocked);
  CHECK(f.reviews.consume.calls() == 0);
  CHECK(f.authenticator.lease.calls() == 0);
  CHECK(f.upstream.received().empty());
}

domain::Decision AskFor(domain::ReviewTerms terms) {
  domain::Decision decision;
  decision.verdict = domain::Verdict::kReview;
  decision.policy = "regulated";
  decision.masking_profile = "none";
  decision.review = std::move(terms);
  return decision;
}

TEST_CASE("Review: an approval under weaker terms than policy now requires is not used", "[edge]") {
  domain::ReviewTerms given;
  given.reviewers = {"security"};
  domain::ReviewTerms asked = given;
  bool again = true;
  SECTION("more people") { asked.approvals = 2; }
  SECTION("other people") { asked.reviewers = {"legal"}; }
  SECTION("a shorter grant") { asked.grant_ttl = absl::Minutes(1); }
  SECTION("fewer people, or more possible reviewers, do not matter") {
    given.approvals = 2;
    asked.reviewers = {"legal", "security"};
    again = false;
  }
  Fixture f;
  f.decider.decide.Next([given] { return AskFor(given); });
  f.decider.decide.Always([asked] { return AskFor(asked); });
  CHECK(f.Chat().status == 200);
  REQUIRE(f.reviews.joined().size() == (again ? 2 : 1));
  CHECK(f.reviews.joined().back().terms.approvals == (again ? asked : given).approvals);
  CHECK(f.reviews.joined().back().terms.reviewers == (again ? asked : given).reviewers);
  CHECK(f.reviews.consume.calls() == 1);
  CHECK(f.upstream.received().size() == 1);
}

TEST_CASE("Review: a grant that others used is not needed if policy now allows the call",
          "[edge]") {
  Fixture f;
  f.decider.decide.Next([] { return AskFor({}); });
  f.reviews.consume.AlwaysFail(Because("review_exhausted"));
  CHECK(f.Chat().status == 200);
  CHECK(f.reviews.join.calls() == 1);
  CHECK(f.upstream.received().size() == 1);
}

TEST_CASE("Review: a call that was held joins again with a fresh internal token", "[edge]") {
  Fixture f;
  f.Review();
  f.edge.credentials().SetLive(false);  // nothing is cached
  const auto known = [](const char* token) {
    domain::Authenticated known;
    known.principal = std::make_shared<const domain::Principal>(Fixture::Principal("alice"));
    known.internal_token = std::make_shared<const SecretString>(token);
    return known;
  };
  f.authenticator.authenticate.Next([known] { return known("before"); });
  // While nothing is cached, a running call verifies its caller again, too.
  for (int i = 0; i < 3; ++i) {
    f.authenticator.authenticate.Next([known] { return known("after"); });
  }
  f.reviews.wait.Next([] { return FakeReviewGate::Status(ReviewState::kConsumed); });
  CHECK(f.Chat().status == 200);
  CHECK(f.reviews.join_tokens() == std::vector<std::string>{"before", "after"});
}

TEST_CASE("Review: a waiting call has no lease and no masking stream", "[edge]") {
  Fixture f;
  f.Review();
  f.resources->connections["openai"].credential = "openai-key";
  f.reviews.wait.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kPlain));
  f.reviews.wait.WaitForHeld(1);
  CHECK(f.authenticator.lease.calls() == 0);
  CHECK(f.masker.open.calls() == 0);
  f.reviews.wait.Release();
  CHECK(testing::ReadAnswer(client).status == 200);
  CHECK(f.authenticator.leased_versions() == std::vector<std::uint64_t>{7});
}

TEST_CASE("Review: without approval a call is refused", "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.join.AlwaysFail(absl::UnavailableError("down"));
  CHECK(f.Chat().status == 503);
  f.reviews.join.Always([] { return FakeReviewGate::Status(ReviewState::kPending); });
  f.reviews.wait.AlwaysFail(absl::UnavailableError("down"));
  CHECK(f.Chat().status == 503);
  CHECK(f.upstream.received().empty());
}

TEST_CASE("Review: a caller that leaves while it waits ends its session, not the review",
          "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Hold();
  {
    RawClient client = f.Connect();
    client.Send(Fixture::Post(Fixture::kPlain));
    f.reviews.wait.WaitForHeld(1);
  }
  CHECK(f.End().outcome == Outcome::kCancelled);
  CHECK(f.reviews.left() ==
        std::vector<std::string>{f.recorder.sessions().front().start.session_id});
  f.reviews.wait.Release();  // the answer is dropped
  CHECK(f.upstream.received().empty());
}

TEST_CASE("Review: a held call ends when its caller is no longer authorized, the review remains",
          "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kPlain));
  f.reviews.wait.WaitForHeld(1);
  f.authenticator.Forget("key-1");
  f.edge.credentials().Flush();
  const Answer answer = testing::ReadAnswer(client);
  CHECK(answer.status == 401);
  CHECK(Fixture::Code(answer) == "unauthenticated");
  CHECK(f.End().outcome == Outcome::kBlocked);
  CHECK(f.reviews.left().size() == 1);
  f.reviews.wait.Release();  // the answer is dropped
  CHECK(f.upstream.received().empty());
}

TEST_CASE("Review: a call that prefers not to wait gets 202 and where to ask", "[edge]") {
  Fixture f;
  f.Review();
  const Answer answer = f.Chat("prefer: respond-async\r\n");
  CHECK(answer.status == 202);
  CHECK(answer.body == R"({"review_id":"review-1","status_url":"/countersign/reviews/review-1"})");
  CHECK(f.End().outcome == Outcome::kReviewPending);
  CHECK(f.reviews.wait.calls() == 0);
  CHECK(f.reviews.left().size() == 1);   // it no longer waits
  CHECK(f.decider.asked().size() == 1);  // one call, decided and counted once
  CHECK(f.Counted(R"(countersign_requests_total{connection="openai",dialect="openai",)"
                  R"(outcome="review_pending"} 1)"));
  f.reviews.get_status.Next([] { return FakeReviewGate::Status(ReviewState::kPending); });
  const Answer status = f.Call(Fixture::Head("GET /countersign/reviews/review-1", "", 0));
  CHECK(status.status == 200);
  CHECK(absl::StrContains(status.body, R"("state":"PENDING")"));
  f.reviews.get_status.AlwaysFail(absl::NotFoundError("no such review"));
  CHECK(f.Call(Fixture::Head("GET /countersign/reviews/other", "", 0)).status == 404);
}

TEST_CASE("Review: a stream that is decided soon gets its final status", "[edge]") {
  Fixture f;
  f.Review();
  f.reviews.wait.Always([] { return FakeReviewGate::Status(ReviewState::kDenied); });
  CHECK(f.Stream().status == 403);
}

TEST_CASE("Review: a held stream gets its head and comments, then the answer", "[edge]") {
  Fixture f(Hasty());
  f.Review();
  f.upstream.Behave(ScriptedUpstream::Stream(
      {testing::Content("hi"), testing::kFinished, testing::kUsage, testing::kDone}));
  f.reviews.wait.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kStream));
  const Answer head = testing::ReadHead(client);
  CHECK(head.status == 200);
  CHECK(absl::StartsWith(head.Header("content-type"), "text/event-stream"));
  CHECK(!head.Header("x-countersign-session").empty());
  CHECK(testing::ReadChunk(client) == ": waiting\n\n");
  CHECK(testing::ReadChunk(client) == ": waiting\n\n");
  f.reviews.wait.Release();
  std::string rest;
  bool complete = false;
  for (std::string chunk; !(chunk = testing::ReadChunk(client, &complete)).empty();) rest += chunk;
  CHECK(complete);
  CHECK(absl::EndsWith(rest,
                       absl::StrCat(testing::Content("hi"), testing::kFinished, testing::kDone)));
  CHECK(!absl::StrContains(f.Recorded(), "waiting"));
}

TEST_CASE("Review: a refused held stream gets an in-band error and ends correctly", "[edge]") {
  Fixture f(Hasty());
  f.Review();
  f.reviews.wait.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kStream));
  CHECK(testing::ReadHead(client).status == 200);
  CHECK(testing::ReadChunk(client) == ": waiting\n\n");
  f.reviews.wait.FailNext(absl::OkStatus());
  f.reviews.wait.Release();
  std::string rest;
  bool complete = false;
  for (std::string chunk; !(chunk = testing::ReadChunk(client, &complete)).empty();) rest += chunk;
  CHECK(complete);
  CHECK(!absl::StrContains(rest, "[DONE]"));
}

TEST_CASE("Review: an upstream's error after the head was sent is in-band", "[edge]") {
  Fixture f(Hasty());
  f.Review();
  f.upstream.Behave(ScriptedUpstream::Json(500, "{\n\"error\":{\"message\":\"overloaded\"}\n}"));
  f.reviews.wait.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kStream));
  CHECK(testing::ReadHead(client).status == 200);
  CHECK(testing::ReadChunk(client) == ": waiting\n\n");
  f.reviews.wait.Release();
  std::string rest;
  for (std::string chunk; !(chunk = testing::ReadChunk(client)).empty();) rest += chunk;
  CHECK(absl::EndsWith(rest, "data: {\ndata: \"error\":{\"message\":\"overloaded\"}\ndata: }\n\n"));
  CHECK(f.End().outcome == Outcome::kUpstreamError);
}

TEST_CASE("Review: after a grant was used, SDKs are told not to retry", "[edge]") {
  Fixture f;
  f.Review();
  f.upstream.Behave(ScriptedUpstream::Json(200, "no json"));
  Answer answer = f.Chat();
  CHECK(answer.status == 502);
  CHECK(answer.Header("x-should-retry") == "false");
  f.upstream.Behave(ScriptedUpstream::Json(429, R"({"error":{}})"));
  answer = f.Chat();
  CHECK(answer.status == 429);
  CHECK(answer.Header("x-should-retry") == "false");
}

}  // namespace
}  // namespace countersign::edge
