// The gate and the ReviewerApi together over an in-memory store, as callers and reviewers see them.
#include <catch2/catch.hpp>
#include <future>
#include <set>

#include "libs/base/status.h"
#include "libs/testing/fake_clock.h"
#include "services/approval/gate/local_review_gate.h"
#include "services/approval/gate/review_poller.h"
#include "services/approval/reviewers/reviewer_api.h"
#include "services/approval/testing/approval_testing.h"
#include "services/approval/testing/review_store_memory.h"

namespace countersign::approval {
namespace {

using domain::ReviewState;
using domain::ReviewStatus;
using testing::BindingHash;
using testing::Reviewer;
using testing::Signed;

std::shared_ptr<domain::ResourceSet> Resources() {
  auto set = std::make_shared<domain::ResourceSet>();
  for (const char* name : {"bob", "carol", "ada"}) {
    domain::Identity identity;
    identity.name = name;
    identity.kind = domain::IdentityKind::kHuman;
    identity.groups = {"security"};
    set->identities[name] = identity;
  }
  domain::RoleBinding binding;
  binding.name = "reviewers";
  binding.role = domain::Role::kReviewer;
  binding.groups = {"security"};
  set->role_bindings["reviewers"] = binding;
  return set;
}

struct Flow {
  countersign::testing::FakeClock clock;
  SystemRandom random;
  metrics::Registry registry;
  ApprovalMetrics metrics{registry};
  testing::MemoryReviewStore store{clock, random};
  reviewers::ReviewerDirectory directory;
  gate::Timers timers;
  gate::ReviewWaiters waiters{timers, clock};
  std::unique_ptr<ThreadPool> pool = std::make_unique<ThreadPool>(2, 100);
  gate::LocalReviewGate gate{store, directory, waiters, timers, *pool};
  reviewers::ReviewerApi reviewer_api{store, directory, waiters, metrics,
                                      crypto::PageTokens(SecretString("secret"), random)};
  gate::ReviewPoller poller{{store, waiters, clock, metrics}};
  domain::Call ada;

  Flow() {
    ada.principal = std::make_shared<domain::Principal>(
        Signed("ada", {"security"}, {{domain::Role::kReviewer, {}}}));
    Serve(Resources());
  }
  ~Flow() { pool.reset(); }

  void Serve(std::shared_ptr<const domain::ResourceSet> set) {
    REQUIRE(directory.Validate(set).ok());
    REQUIRE(directory.Serve(set).ok());
  }
  absl::Time Soon() const { return clock.Now() + absl::Seconds(10); }

  template <typename T>
  struct Answer {
    std::shared_ptr<std::promise<absl::StatusOr<T>>> promise =
        std::make_shared<std::promise<absl::StatusOr<T>>>();
    std::future<absl::StatusOr<T>> future = promise->get_future();
    domain::Done<T> Done() {
      return [promise = promise](absl::StatusOr<T> value) { promise->set_value(std::move(value)); };
    }
  };

  absl::StatusOr<ReviewStatus> Join(const std::string& session = "s1", int approvals = 1) {
    Answer<ReviewStatus> answer;
    domain::ReviewRequest request;
    request.session_id = session;
    request.connection = "openai";
    request.binding_hash = BindingHash('a');
    request.policy = "regulated";
    request.terms.reviewers = {"security"};
    request.terms.approvals = approvals;
    auto prompt = std::make_shared<domain::Prompt>();
    prompt->model = "gpt-4o";
    prompt->parts = {{"user", "/messages/0/content", "please"}};
    request.prompt = prompt;
    request.findings = {{"regulated", "keywords", "hipaa", 0, 0, 6}};
    request.upstream_body = "{}";
    gate.Join(ada, request, Soon(), answer.Done());
    return answer.future.get();
  }
  std::string Opened(int approvals = 1) {
    const auto status = Join("s1", approvals);
    INFO(status.status().ToString());
    REQUIRE(status.ok());
    return status->review_id;
  }
  std::future<absl::StatusOr<ReviewStatus>> Wait(const std::string& id, const domain::Call& call) {
    Answer<ReviewStatus> answer;
    gate.Wait(call, id, "s1", clock.Now() + absl::Minutes(4), answer.Done());
    return std::move(answer.future);
  }
  // The wait registers on the pool; polls before that find no waiter to settle.
  void PollUntilSettled(const std::future<absl::StatusOr<ReviewStatus>>& held) {
    while (held.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      REQUIRE(poller.Poll().ok());
    }
  }
  absl::StatusOr<domain::Grant> Consume(const std::string& id, const std::string& session = "s1") {
    Answer<domain::Grant> answer;
    gate.Consume(ada, id, session, BindingHash('a'), Soon(), answer.Done());
    return answer.future.get();
  }
  absl::StatusOr<reviewers::ReviewWithContent> Approve(const std::string& name,
                                                       const std::string& id) {
    return reviewer_api.Vote(Reviewer(name), id, reviews::Ballot::kApprove, BindingHash('a'),
                             "fine");
  }
};

}  // namespace

TEST_CASE("A held call goes on when its review is approved, with the approver's name",
          "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  auto held = flow.Wait(id, flow.ada);
  REQUIRE(flow.Approve("bob", id).ok());
  const auto status = held.get();
  REQUIRE(status.ok());
  CHECK(status->state == ReviewState::kApproved);
  const auto grant = flow.Consume(id);
  REQUIRE(grant.ok());
  CHECK(grant->review_id == id);
  CHECK(grant->approvers == std::vector<std::string>{"bob"});
  CHECK(flow.Consume(id)->approvers == grant->approvers);
  CHECK(GetReason(flow.Consume(id, "s2").status()) == "review_exhausted");
}

TEST_CASE("A held call gets a denial with its reason, and the next call gets it at once",
          "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  auto held = flow.Wait(id, flow.ada);
  REQUIRE(
      flow.reviewer_api.Vote(Reviewer("bob"), id, reviews::Ballot::kDeny, "", "not today").ok());
  CHECK(held.get()->reason == "not today");
  const auto again = flow.Join("s2");
  REQUIRE(again.ok());
  CHECK(again->state == ReviewState::kDenied);
  CHECK(again->review_id == id);
}

TEST_CASE("A decision made elsewhere reaches a held call by polling", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  auto held = flow.Wait(id, flow.ada);
  REQUIRE(flow.store.CastVote(id, testing::Approval("bob")).ok());  // by another process
  flow.PollUntilSettled(held);
  CHECK(held.get()->state == ReviewState::kApproved);
}

TEST_CASE("A held call gets EXPIRED when its review expires", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  flow.clock.Advance(absl::Minutes(14));
  auto held = flow.Wait(id, flow.ada);
  flow.clock.Advance(absl::Minutes(1));
  flow.PollUntilSettled(held);
  CHECK(held.get()->state == ReviewState::kExpired);
}

TEST_CASE("Somebody else's review cannot be waited for or used", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  domain::Call eve;
  eve.principal = std::make_shared<domain::Principal>(Signed("eve", {}, {}));
  CHECK(flow.Wait(id, eve).get().status().code() == absl::StatusCode::kNotFound);
  REQUIRE(flow.Approve("bob", id).ok());
  Flow::Answer<domain::Grant> answer;
  flow.gate.Consume(eve, id, "s1", BindingHash('a'), flow.Soon(), answer.Done());
  CHECK(answer.future.get().status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("A grant whose approver lost the group is revoked when it is used", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  REQUIRE(flow.Approve("bob", id).ok());
  auto without = Resources();
  SECTION("the group") { without->identities["bob"].groups.clear(); }
  SECTION("the identity") { without->identities.erase("bob"); }
  SECTION("the role") { without->role_bindings.clear(); }
  SECTION("the connection") { without->role_bindings["reviewers"].connections = {"other"}; }
  flow.Serve(without);
  CHECK(GetReason(flow.Consume(id).status()) == "review_revoked");
  CHECK(flow.store.Get(id)->state == ReviewState::kRevoked);
}

TEST_CASE("A repeated use is answered although its approver was deleted since", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  REQUIRE(flow.Approve("bob", id).ok());
  REQUIRE(flow.Consume(id).ok());
  flow.Serve(std::make_shared<domain::ResourceSet>());
  CHECK(flow.Consume(id).ok());
}

TEST_CASE("A group that a token claimed counts for the vote that it came with", "[approval]") {
  Flow flow;
  auto claimed = Resources();
  claimed->identities["bob"].groups.clear();  // security comes with bob's token
  flow.Serve(claimed);
  const std::string id = flow.Opened();
  REQUIRE(flow.Approve("bob", id).ok());
  CHECK(flow.Consume(id).ok());
}

TEST_CASE("Without resources nobody votes and nothing is used", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  reviewers::ReviewerDirectory empty;
  reviewers::ReviewerApi reviewer_api(flow.store, empty, flow.waiters, flow.metrics,
                                      crypto::PageTokens(SecretString("secret"), flow.random));
  CHECK(reviewer_api.Vote(Reviewer("bob"), id, reviews::Ballot::kApprove, BindingHash('a'), "")
            .status()
            .code() == absl::StatusCode::kUnavailable);
  REQUIRE(flow.Approve("bob", id).ok());
  gate::LocalReviewGate gate(flow.store, empty, flow.waiters, flow.timers, *flow.pool);
  Flow::Answer<domain::Grant> answer;
  gate.Consume(flow.ada, id, "s1", BindingHash('a'), flow.Soon(), answer.Done());
  CHECK(answer.future.get().status().code() == absl::StatusCode::kUnavailable);
  CHECK(flow.store.Get(id)->state == ReviewState::kApproved);
}

TEST_CASE("ReviewerApi: shows a review to those it asks, and to nobody else", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  const auto open = flow.reviewer_api.Show(Reviewer("bob"), id);
  REQUIRE(open.ok());
  CHECK(open->content.prompt.parts[0].text == "please");
  CHECK(open->content.findings[0].rule == "hipaa");
  CHECK(flow.reviewer_api.Show(*flow.ada.principal, id)
            .ok());  // a reviewer reads its own review but cannot vote on it

  const auto code = [&](const domain::Principal& reader) {
    return flow.reviewer_api.Show(reader, id).status().code();
  };
  CHECK(code(Signed("eve", {"security"}, {})) == absl::StatusCode::kPermissionDenied);
  CHECK(code(Signed("root", {"security"}, {{domain::Role::kAdmin, {}}})) ==
        absl::StatusCode::kPermissionDenied);
  CHECK(code(Signed("legal", {"legal"}, {{domain::Role::kReviewer, {}}})) ==
        absl::StatusCode::kPermissionDenied);
  CHECK(code(Signed("far", {"security"}, {{domain::Role::kReviewer, {"other"}}})) ==
        absl::StatusCode::kNotFound);
  CHECK(flow.reviewer_api.Show(Reviewer("bob"), "nonsense").status().code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("ReviewerApi: lists what its reader is asked to review", "[approval]") {
  Flow flow;
  flow.Opened();
  const auto count = [&](const domain::Principal& reader) {
    const auto page = flow.reviewer_api.List(reader, ReviewState::kUnspecified, false, 0, "");
    return page.ok() ? static_cast<int>(page->reviews.size()) : -1;
  };
  CHECK(count(Reviewer("bob")) == 1);
  CHECK(count(Signed("legal", {"legal"}, {{domain::Role::kReviewer, {}}})) == 0);
  CHECK(count(Signed("far", {"security"}, {{domain::Role::kReviewer, {"other"}}})) == 0);
  CHECK(count(Signed("near", {"security"}, {{domain::Role::kReviewer, {"openai"}}})) == 1);
  CHECK(count(Signed("audit", {}, {{domain::Role::kAuditor, {}}})) == 1);
  CHECK(count(Signed("audit", {}, {{domain::Role::kAuditor, {"other"}}})) == 0);
  CHECK(count(Signed("eve", {"security"}, {{domain::Role::kCaller, {}}})) == -1);
}

TEST_CASE("ReviewerApi: a page token works for the same reader, states and scope only",
          "[approval]") {
  Flow flow;
  for (const char hash : {'1', '2', '3'}) {
    REQUIRE(flow.store.Join(testing::ACall("s", hash)).ok());
  }
  const auto list = [&](const domain::Principal& reader, ReviewState state,
                        const std::string& token) {
    return flow.reviewer_api.List(reader, state, false, 1, token);
  };
  const auto first = list(Reviewer("bob"), ReviewState::kUnspecified, "");
  REQUIRE(first.ok());
  const std::string token = first->next_page_token;
  CHECK(list(Reviewer("bob"), ReviewState::kUnspecified, token).ok());
  domain::Principal narrower = Reviewer("bob");
  narrower.roles = {{domain::Role::kReviewer, {"openai"}}};
  for (const auto& refused :
       {list(Reviewer("carol"), ReviewState::kUnspecified, token),
        list(narrower, ReviewState::kUnspecified, token),
        list(Reviewer("bob"), ReviewState::kApproved, token),
        list(Reviewer("bob"), ReviewState::kUnspecified, first->reviews[0].id)}) {
    CHECK(GetReason(refused.status()) == "page_token_invalid");
  }
}

TEST_CASE("ReviewerApi: pages hold every review once", "[approval]") {
  Flow flow;
  for (const char hash : {'1', '2', '3', '4', '5'}) {
    REQUIRE(flow.store.Join(testing::ACall("s", hash)).ok());
  }
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto page =
        flow.reviewer_api.List(Reviewer("bob"), ReviewState::kUnspecified, true, 2, token);
    REQUIRE(page.ok());
    for (const reviews::Review& review : page->reviews) CHECK(seen.insert(review.id).second);
    token = page->next_page_token;
    ++pages;
  } while (!token.empty());
  CHECK(seen.size() == 5);
  CHECK(pages == 3);
}

TEST_CASE("Only people vote, and nobody on his own call", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  for (const auto kind : {domain::IdentityKind::kAgent, domain::IdentityKind::kCi,
                          domain::IdentityKind::kService, domain::IdentityKind::kUnspecified}) {
    const auto vote =
        flow.reviewer_api.Vote(Signed("robot", {"security"}, {{domain::Role::kReviewer, {}}}, kind),
                               id, reviews::Ballot::kApprove, BindingHash('a'), "");
    CHECK(vote.status().code() == absl::StatusCode::kPermissionDenied);
    CHECK(GetReason(vote.status()) == "not_a_person");
  }
  CHECK(GetReason(flow.Approve("ada", id).status()) == "self_review");
  CHECK(flow.store.Get(id)->state == ReviewState::kPending);
  CHECK(flow.reviewer_api
            .Vote(Signed("zoe", {"security"}, {{domain::Role::kReviewer, {}}}), id,
                  reviews::Ballot::kDeny, BindingHash('a'), "")
            .ok());
}

TEST_CASE("Consume: a forged approval sends nothing, and is revoked", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  reviews::Review& row = flow.store.row(id).review;
  row.state = ReviewState::kApproved;
  row.uses_left = 1;
  row.decided_at = flow.clock.Now();
  row.grant_expires_at = flow.clock.Now() + absl::Hours(1);
  CHECK(GetReason(flow.Consume(id).status()) == "review_revoked");
  CHECK(flow.store.Get(id)->state == ReviewState::kRevoked);
  const auto again = flow.Join("s2");
  REQUIRE(again.ok());
  CHECK(again->review_id != id);
  CHECK(again->state == ReviewState::kPending);
}

TEST_CASE("Waiting callers are counted until they leave", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  CHECK(flow.reviewer_api.Waiting(id) == 1);
  REQUIRE(flow.Join("s2").ok());
  CHECK(flow.reviewer_api.Waiting(id) == 2);
  flow.gate.Leave(flow.ada, id, "s1");
  flow.gate.Leave(flow.ada, id, "s2");
  CHECK(flow.reviewer_api.Waiting(id) == 0);
  CHECK(flow.store.Get(id)->state == ReviewState::kPending);
}

TEST_CASE("GetStatus: answers at once and counts nobody as waiting", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  flow.gate.Leave(flow.ada, id, "s1");
  Flow::Answer<ReviewStatus> answer;
  flow.gate.GetStatus(flow.ada, id, flow.Soon(), answer.Done());
  const auto status =
      answer.future.get();  // the clock stands still: the answer cannot come from a deadline
  REQUIRE(status.ok());
  CHECK(status->state == ReviewState::kPending);
  CHECK(flow.reviewer_api.Waiting(id) == 0);
}

TEST_CASE("GetStatus: somebody else's review is not found", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  domain::Call eve;
  eve.principal = std::make_shared<const domain::Principal>(Signed("eve", {}, {}));
  Flow::Answer<ReviewStatus> answer;
  flow.gate.GetStatus(eve, id, flow.Soon(), answer.Done());
  CHECK(absl::IsNotFound(answer.future.get().status()));
}

TEST_CASE("Wait: refuses an empty session id", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  Flow::Answer<ReviewStatus> answer;
  flow.gate.Wait(flow.ada, id, "", flow.Soon(), answer.Done());
  CHECK(GetReason(answer.future.get().status()) == "session_missing");
}

TEST_CASE("A Wait that was queued while its caller left is not held", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  flow.gate.Leave(flow.ada, id, "s1");
  CHECK(absl::IsCancelled(flow.Wait(id, flow.ada).get().status()));
  CHECK(flow.reviewer_api.Waiting(id) == 0);
}

TEST_CASE("A full pool refuses instead of queueing without limit", "[approval]") {
  Flow flow;
  ThreadPool small(1, 1);
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::promise<void> started;
  REQUIRE(small.TrySubmit([&] {
    started.set_value();
    released.wait();
  }));
  started.get_future().wait();
  REQUIRE(small.TrySubmit([released] { released.wait(); }));
  gate::LocalReviewGate gate(flow.store, flow.directory, flow.waiters, flow.timers, small);
  Flow::Answer<domain::Grant> answer;
  gate.Consume(flow.ada, "x", "s", BindingHash('a'), flow.Soon(), answer.Done());
  CHECK(answer.future.get().status().code() == absl::StatusCode::kResourceExhausted);
  release.set_value();
}

TEST_CASE("A store that does not answer in time is DEADLINE_EXCEEDED", "[approval]") {
  Flow flow;
  std::promise<void> release;
  auto stuck = std::make_unique<ThreadPool>(1, 10);
  REQUIRE(stuck->TrySubmit([&] { release.get_future().wait(); }));
  gate::LocalReviewGate gate(flow.store, flow.directory, flow.waiters, flow.timers, *stuck);
  Flow::Answer<domain::Grant> answer;
  gate.Consume(flow.ada, "x", "s", BindingHash('a'), flow.Soon(), answer.Done());
  flow.timers.RunDue(flow.Soon());
  CHECK(answer.future.get().status().code() == absl::StatusCode::kDeadlineExceeded);
  release.set_value();
  stuck.reset();  // its queued work uses the gate
}

TEST_CASE("A draft with a policy that needs no approval is refused", "[approval]") {
  reviewers::ReviewerDirectory directory;
  auto draft = Resources();
  domain::Policy policy;
  policy.verdict = domain::Verdict::kReview;
  policy.review.reviewers = {"security"};
  policy.review.approvals = 0;
  draft->policies["p"] = policy;
  CHECK_FALSE(directory.Validate(draft).ok());
  draft->policies["p"].review.approvals = 1;
  CHECK(directory.Validate(draft).ok());
  draft->policies["p"].review.reviewers.clear();
  CHECK_FALSE(directory.Validate(draft).ok());
}

TEST_CASE("The poller counts pending reviews and expires those whose time is over", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  CHECK(flow.poller.Poll().ok());
  CHECK(flow.registry.Expose().find("countersign_reviews_pending 1") != std::string::npos);
  flow.clock.Advance(absl::Minutes(15));
  CHECK(flow.poller.Poll().ok());
  CHECK(flow.registry.Expose().find("countersign_reviews_pending 0") != std::string::npos);
  CHECK(flow.store.Log(1, 10)->at(0).to == ReviewState::kExpired);
}

TEST_CASE("The time until a decision is measured", "[approval]") {
  Flow flow;
  const std::string id = flow.Opened();
  flow.clock.Advance(absl::Seconds(20));
  REQUIRE(flow.Approve("bob", id).ok());
  CHECK(flow.registry.Expose().find(
            "countersign_review_decision_seconds_sum{decision=\"approved\"} 20") !=
        std::string::npos);
}

}  // namespace countersign::approval
