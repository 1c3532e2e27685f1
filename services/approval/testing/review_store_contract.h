#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/approval/reviews/review_rules.h"
#include "services/approval/store/review_store.h"
#include "services/approval/testing/approval_testing.h"

// What every ReviewStore must do. A store's own test calls CheckReviewStore with a factory of empty
// stores whose time can be moved.
namespace countersign::approval::testing {

class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual store::ReviewStore& store() = 0;
  virtual void Advance(absl::Duration by) = 0;  // of the store's clock, as seen by what is stored
};

using domain::ReviewState;

inline std::string OpenOne(store::ReviewStore& store, const reviews::NewReview& call = ACall()) {
  const auto joined = store.Join(call);
  INFO(joined.status().ToString());
  REQUIRE(joined.ok());
  REQUIRE(joined->opened);
  return joined->review.id;
}

inline std::string ApprovedOne(store::ReviewStore& store,
                               const reviews::NewReview& call = ACall()) {
  const std::string id = OpenOne(store, call);
  const auto review = store.CastVote(id, Approval("bob"));
  INFO(review.status().ToString());
  REQUIRE(review.ok());
  REQUIRE(review->state == ReviewState::kApproved);
  return id;
}

inline ReviewState ReadState(store::ReviewStore& store, const std::string& id) {
  const auto review = store.Get(id);
  return review.ok() ? review->state : ReviewState::kUnspecified;
}

inline std::vector<store::Transition> WholeLog(store::ReviewStore& store) {
  const auto lines = store.Log(0, 1'000'000);
  REQUIRE(lines.ok());
  store::LogHead head = store::EmptyLogHead();
  const absl::Status verified = store::VerifyLog(*lines, head);
  INFO(verified.ToString());
  CHECK(verified.ok());
  const auto stored = store.Head();
  REQUIRE(stored.ok());
  CHECK(stored->sequence == head.sequence);
  CHECK(stored->hash == head.hash);
  return *lines;
}

inline void CheckJoining(StoreUnderTest& test) {
  store::ReviewStore& store = test.store();
  SECTION("the first call opens a PENDING review with the call's data") {
    const reviews::NewReview call = ACall();
    const std::string id = OpenOne(store, call);
    const auto review = store.Get(id);
    REQUIRE(review.ok());
    CHECK(review->state == ReviewState::kPending);
    CHECK(review->requester.issuer == call.requester.issuer);
    CHECK(review->requester.subject == "sub-ada");
    CHECK(review->requester.identity == "ada");
    CHECK(review->connection == "openai");
    CHECK(review->connection_version == 7);
    CHECK(review->binding_hash == BindingHash('a'));
    CHECK(review->policy == "regulated");
    CHECK(review->policy_version == 12);
    CHECK(review->terms.reviewers == call.terms.reviewers);
    CHECK(review->terms.approvals == 1);
    CHECK(review->terms.pending_ttl == call.terms.pending_ttl);
    CHECK(review->terms.hold == call.terms.hold);
    CHECK(review->terms.grant_ttl == call.terms.grant_ttl);
    CHECK(review->prompt_tokens == 42);
    CHECK(review->model == "gpt-4o");
    CHECK(review->pending_expires_at - review->created_at == absl::Minutes(15));
    CHECK(review->uses_left == 0);
    CHECK(review->votes.empty());
  }
  SECTION("the content comes back byte for byte") {
    const reviews::NewReview call = ACall();
    const auto content = store.Content(OpenOne(store, call));
    REQUIRE(content.ok());
    CHECK(content->upstream_body == call.content->upstream_body);
    CHECK(content->head.method == "POST");
    CHECK(content->head.target == call.content->head.target);
    CHECK(content->head.headers == call.content->head.headers);
    REQUIRE(content->prompt.parts.size() == 1);
    CHECK(content->prompt.parts[0].text == call.content->prompt.parts[0].text);
    CHECK(content->prompt.parts[0].pointer == "/messages/0/content");
    CHECK(content->prompt.parameters == call.content->prompt.parameters);
    CHECK(content->prompt.tools == call.content->prompt.tools);
    REQUIRE(content->findings.size() == 1);
    CHECK(content->findings[0].rule == "hipaa");
    CHECK(content->findings[0].end == 8);
  }
  SECTION("the same call joins the PENDING review, also from another session") {
    const std::string id = OpenOne(store);
    for (const char* session : {"session-1", "session-2"}) {
      const auto joined = store.Join(ACall(session));
      REQUIRE(joined.ok());
      CHECK_FALSE(joined->opened);
      CHECK(joined->review.id == id);
    }
    CHECK(WholeLog(store).size() == 1);
  }
  SECTION("other bytes, another connection or another principal open another review") {
    const std::string id = OpenOne(store);
    reviews::NewReview connection = ACall();
    connection.connection = "anthropic";
    reviews::NewReview principal = ACall();
    principal.requester = Somebody("eve");
    for (const reviews::NewReview& call : {ACall("session-1", 'b'), connection, principal}) {
      const auto joined = store.Join(call);
      REQUIRE(joined.ok());
      CHECK(joined->opened);
      CHECK(joined->review.id != id);
    }
  }
  SECTION("a stricter policy opens a new review beside the one that is PENDING") {
    OpenOne(store);
    reviews::NewReview stricter = ACall("session-2", 'a', 2);
    const auto joined = store.Join(stricter);
    REQUIRE(joined.ok());
    CHECK(joined->opened);
    CHECK(joined->review.terms.approvals == 2);
  }
  SECTION("the approval of an older policy does not let a call of a stricter one through") {
    ApprovedOne(store);
    const auto joined = store.Join(ACall("session-2", 'a', 2));
    REQUIRE(joined.ok());
    CHECK(joined->opened);
    CHECK(joined->review.state == ReviewState::kPending);
  }
  SECTION("an APPROVED review with uses left is joined") {
    const std::string id = ApprovedOne(store);
    const auto joined = store.Join(ACall("session-2"));
    REQUIRE(joined.ok());
    CHECK(joined->review.id == id);
    CHECK(joined->review.state == ReviewState::kApproved);
  }
  SECTION("after its only use the call opens a new review") {
    const std::string id = ApprovedOne(store);
    REQUIRE(store.Consume(id, "session-1", Somebody("ada"), BindingHash('a')).ok());
    const auto joined = store.Join(ACall("session-2"));
    REQUIRE(joined.ok());
    CHECK(joined->opened);
  }
  SECTION("a call that was DENIED is refused until its pendingTtl is over, whatever the terms") {
    const std::string id = OpenOne(store);
    REQUIRE(store.CastVote(id, Denial("bob", "never")).ok());
    for (const int approvals : {1, 2}) {
      const auto joined = store.Join(ACall("session-2", 'a', approvals));
      REQUIRE(joined.ok());
      CHECK(joined->review.id == id);
      CHECK(joined->review.state == ReviewState::kDenied);
      CHECK(joined->review.reason == "never");
    }
    test.Advance(absl::Minutes(15));
    const auto later = store.Join(ACall("session-2"));
    REQUIRE(later.ok());
    CHECK(later->opened);
  }
  SECTION("an expired review is not joined, and is EXPIRED from then on") {
    const std::string id = OpenOne(store);
    test.Advance(absl::Minutes(15));
    const auto joined = store.Join(ACall("session-2"));
    REQUIRE(joined.ok());
    CHECK(joined->opened);
    CHECK(ReadState(store, id) == ReviewState::kExpired);
    CHECK(WholeLog(store).size() == 3);
  }
  SECTION("an invalid review is refused") {
    for (const int approvals : {0, -1, 1'000'000'000}) {
      CHECK(store.Join(ACall("s", 'a', approvals)).status().code() ==
            absl::StatusCode::kInvalidArgument);
    }
    reviews::NewReview nobody = ACall();
    nobody.terms.reviewers.clear();
    reviews::NewReview uses = ACall();
    uses.terms.grant_uses = 2;
    reviews::NewReview hash = ACall();
    hash.binding_hash = "abc";
    reviews::NewReview anonymous = ACall();
    anonymous.requester = reviews::Person{};
    reviews::NewReview cut = ACall();
    cut.requester.subject = std::string("ada\0x", 5);
    for (const reviews::NewReview& call : {nobody, uses, hash, anonymous, cut}) {
      CHECK(store.Join(call).status().code() == absl::StatusCode::kInvalidArgument);
    }
    CHECK(WholeLog(store).empty());
  }
}

inline void CheckPendingLimit(StoreUnderTest& test) {
  store::ReviewStore& store = test.store();
  const auto call = [](std::size_t number, const reviews::Person& requester) {
    reviews::NewReview call = ACall();
    call.requester = requester;
    call.binding_hash = absl::StrCat(absl::Hex(number, absl::kZeroPad8), std::string(56, '0'));
    return call;
  };
  const reviews::Person ada = Somebody("ada");
  reviews::Person ada_by_key = ada;
  ada_by_key.issuer = "countersign";
  ada_by_key.subject = "ada";
  std::string first;
  for (std::size_t i = 0; i < reviews::kMaxPendingPerCaller; ++i) {
    const auto joined = store.Join(call(i, i % 2 == 0 ? ada : ada_by_key));
    REQUIRE(joined.ok());
    if (i == 0) first = joined->review.id;
  }
  const auto opens = [&](std::size_t number, const reviews::Person& requester) {
    const auto joined = store.Join(call(number, requester));
    if (!joined.ok()) CHECK(absl::IsResourceExhausted(joined.status()));
    return GetReason(joined.status());
  };
  CHECK(opens(1000, ada) == "too_many_reviews");
  CHECK(opens(1000, ada_by_key) == "too_many_reviews");
  CHECK(opens(1000, Somebody("eve")).empty());
  CHECK(opens(0, ada).empty());  // joins a pending one
  REQUIRE(store.CastVote(first, Denial("bob")).ok());
  CHECK(opens(1000, ada).empty());
  CHECK(opens(1001, ada) == "too_many_reviews");
  test.Advance(absl::Minutes(15));
  CHECK(opens(1001, ada).empty());
}

inline void CheckVoting(StoreUnderTest& test) {
  store::ReviewStore& store = test.store();
  SECTION("one of one approvals approves, and starts the grant's time") {
    const std::string id = OpenOne(store);
    const auto review = store.CastVote(id, Approval("bob"));
    REQUIRE(review.ok());
    CHECK(review->state == ReviewState::kApproved);
    CHECK(review->uses_left == 1);
    CHECK(review->grant_expires_at - review->decided_at == absl::Minutes(5));
    const auto stored = store.Get(id);
    REQUIRE(stored.ok());
    REQUIRE(stored->votes.size() == 1);
    CHECK(stored->votes[0].voter.identity == "bob");
    CHECK(stored->votes[0].ballot == reviews::Ballot::kApprove);
    CHECK(stored->votes[0].reason == "looked at it");
    CHECK(stored->votes[0].seen_hash == BindingHash('a'));
  }
  SECTION("two of two need two people, and one person counts once") {
    const std::string id = OpenOne(store, ACall("session-1", 'a', 2));
    REQUIRE(store.CastVote(id, Approval("bob"))->state == ReviewState::kPending);
    const auto again = store.CastVote(id, Approval("bob"));
    CHECK(again.status().code() == absl::StatusCode::kAlreadyExists);
    CHECK(GetReason(again.status()) == "already_voted");
    reviews::Vote other_account = Approval("bob");  // the same identity, signed in elsewhere
    other_account.voter.issuer = "https://other.example";
    other_account.voter.subject = "another";
    CHECK_FALSE(store.CastVote(id, other_account).ok());
    reviews::Vote his_agent = Approval("bobs-agent");
    his_agent.voter.owner = "bob";
    CHECK_FALSE(store.CastVote(id, his_agent).ok());
    CHECK(ReadState(store, id) == ReviewState::kPending);
    CHECK(store.CastVote(id, Approval("carol"))->state == ReviewState::kApproved);
  }
  SECTION("one denial ends it, also by a person who approved before") {
    const std::string id = OpenOne(store, ACall("session-1", 'a', 2));
    REQUIRE(store.CastVote(id, Approval("bob")).ok());
    const auto review = store.CastVote(id, Denial("bob", "on second thought"));
    REQUIRE(review.ok());
    CHECK(review->state == ReviewState::kDenied);
    CHECK(review->reason == "on second thought");
    const auto late = store.CastVote(id, Approval("carol"));
    CHECK(late.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(GetReason(late.status()) == "review_not_pending");
    CHECK(ReadState(store, id) == ReviewState::kDenied);
  }
  SECTION("the requester, its owner, its agent and a sibling agent do not vote") {
    reviews::NewReview call = ACall();
    call.requester.owner = "boss";
    const std::string id = OpenOne(store, call);
    reviews::Vote same_subject = Approval("renamed");
    same_subject.voter.subject = "sub-ada";
    reviews::Vote same_identity = Approval("ada");
    same_identity.voter.issuer = "https://other.example";
    reviews::Vote agent = Approval("adas-agent");
    agent.voter.owner = "ada";
    reviews::Vote sibling = Approval("sibling");
    sibling.voter.owner = "boss";
    for (const reviews::Vote& vote :
         {same_subject, same_identity, agent, sibling, Approval("boss")}) {
      const auto review = store.CastVote(id, vote);
      INFO(vote.voter.DisplayName());
      CHECK(review.status().code() == absl::StatusCode::kPermissionDenied);
      CHECK(GetReason(review.status()) == "self_review");
    }
    CHECK(store.Get(id)->votes.empty());
  }
  SECTION("an approval is for the hash that was shown") {
    const std::string id = OpenOne(store);
    const auto other = store.CastVote(id, Approval("bob", 'b'));
    CHECK(other.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(GetReason(other.status()) == "hash_mismatch");
    reviews::Vote blind = Approval("bob");
    blind.seen_hash.clear();
    CHECK(GetReason(store.CastVote(id, blind).status()) == "hash_missing");
    CHECK(ReadState(store, id) == ReviewState::kPending);
  }
  SECTION("no vote counts from the instant of expiry on") {
    const std::string id = OpenOne(store);
    test.Advance(absl::Minutes(15));
    CHECK(ReadState(store, id) == ReviewState::kExpired);
    CHECK(GetReason(store.CastVote(id, Approval("bob")).status()) == "review_expired");
    CHECK(GetReason(store.CastVote(id, Denial("bob")).status()) == "review_expired");
  }
  SECTION("a review that does not exist is NOT_FOUND, also when the id is not a UUID") {
    for (const char* id : {"018f0000-0000-7000-8000-000000000000", "", "x'; DROP TABLE review"}) {
      CHECK(store.CastVote(id, Approval("bob")).status().code() == absl::StatusCode::kNotFound);
      CHECK(store.Get(id).status().code() == absl::StatusCode::kNotFound);
      CHECK(store.Content(id).status().code() == absl::StatusCode::kNotFound);
      CHECK(store.Revoke(id, "bob", "").status().code() == absl::StatusCode::kNotFound);
      CHECK(store.Consume(id, "s", Somebody("ada"), BindingHash('a')).status().code() ==
            absl::StatusCode::kNotFound);
    }
  }
}

inline void CheckUsing(StoreUnderTest& test) {
  store::ReviewStore& store = test.store();
  const reviews::Person ada = Somebody("ada");
  SECTION("a one-shot is used once, and the same session gets the same use again") {
    const std::string id = ApprovedOne(store);
    const auto use = store.Consume(id, "session-1", ada, BindingHash('a'));
    REQUIRE(use.ok());
    CHECK(use->review.state == ReviewState::kConsumed);
    CHECK(use->review.uses_left == 0);
    const auto retry = store.Consume(id, "session-1", ada, BindingHash('a'));
    REQUIRE(retry.ok());
    CHECK(retry->at == use->at);
    const auto other = store.Consume(id, "session-2", ada, BindingHash('a'));
    CHECK(other.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(GetReason(other.status()) == "review_exhausted");
    CHECK(WholeLog(store).size() == 3);
  }
  SECTION("other bytes than the approved ones get no use, not even on a retry") {
    const std::string id = ApprovedOne(store);
    CHECK(GetReason(store.Consume(id, "session-1", ada, BindingHash('b')).status()) ==
          "binding_mismatch");
    REQUIRE(store.Consume(id, "session-1", ada, BindingHash('a')).ok());
    CHECK(GetReason(store.Consume(id, "session-1", ada, BindingHash('b')).status()) ==
          "binding_mismatch");
  }
  SECTION("somebody else's review is not found") {
    const std::string id = ApprovedOne(store);
    CHECK(store.Consume(id, "session-1", Somebody("eve"), BindingHash('a')).status().code() ==
          absl::StatusCode::kNotFound);
    CHECK(ReadState(store, id) == ReviewState::kApproved);
  }
  SECTION("a review that is not APPROVED gives no use and says why") {
    const std::string pending = OpenOne(store);
    CHECK(GetReason(store.Consume(pending, "s", ada, BindingHash('a')).status()) ==
          "review_not_approved");
    REQUIRE(store.CastVote(pending, Denial("bob")).ok());
    CHECK(GetReason(store.Consume(pending, "s", ada, BindingHash('a')).status()) ==
          "review_not_approved");
  }
  SECTION("a grant is EXPIRED from the instant of its expiry on") {
    const std::string id = ApprovedOne(store);
    test.Advance(absl::Minutes(5));
    CHECK(GetReason(store.Consume(id, "session-1", ada, BindingHash('a')).status()) ==
          "review_expired");
    CHECK(ReadState(store, id) == ReviewState::kExpired);
  }
  SECTION("a revoked grant gives no use; a second revocation changes nothing") {
    const std::string id = ApprovedOne(store);
    const auto revoked = store.Revoke(id, "carol", "a mistake");
    REQUIRE(revoked.ok());
    CHECK(revoked->state == ReviewState::kRevoked);
    CHECK(revoked->reason == "a mistake");
    CHECK(store.Revoke(id, "carol", "again")->reason == "a mistake");
    CHECK(GetReason(store.Consume(id, "session-1", ada, BindingHash('a')).status()) ==
          "review_revoked");
  }
  SECTION("only an APPROVED review can be revoked") {
    const std::string id = OpenOne(store);
    CHECK(GetReason(store.Revoke(id, "carol", "").status()) == "review_not_approved");
    REQUIRE(store.CastVote(id, Approval("bob")).ok());
    REQUIRE(store.Consume(id, "session-1", ada, BindingHash('a')).ok());
    CHECK(GetReason(store.Revoke(id, "carol", "").status()) == "review_not_approved");
    CHECK(ReadState(store, id) == ReviewState::kConsumed);
  }
}

}  // namespace countersign::approval::testing
