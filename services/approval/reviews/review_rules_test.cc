#include "services/approval/reviews/review_rules.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/approval/testing/approval_testing.h"

namespace countersign::approval::reviews {
namespace {

using domain::ReviewState;
using testing::Approval;
using testing::BindingHash;
using testing::Somebody;

constexpr ReviewState kStates[] = {ReviewState::kPending,   ReviewState::kApproved,
                                   ReviewState::kDenied,    ReviewState::kExpired,
                                   ReviewState::kCancelled, ReviewState::kConsumed,
                                   ReviewState::kExhausted, ReviewState::kRevoked};

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Review AReview(ReviewState state) {
  Review review;
  review.id = "r";
  review.state = state;
  review.requester = Somebody("ada");
  review.binding_hash = BindingHash('a');
  review.terms.reviewers = {"security"};
  review.created_at = kNow;
  review.pending_expires_at = kNow + absl::Minutes(15);
  if (state == ReviewState::kApproved) {
    review.uses_left = 1;
    review.grant_expires_at = kNow + absl::Minutes(5);
  }
  return review;
}

}  // namespace

TEST_CASE("Edges: no state leads back to PENDING, and final states are final", "[approval]") {
  for (const Edge& edge : LegalEdges()) {
    if (edge.to == ReviewState::kPending) {
      CHECK((edge.from == ReviewState::kUnspecified || edge.from == ReviewState::kPending));
    }
    CHECK_FALSE(IsTerminal(edge.from));
  }
  for (const ReviewState state : kStates) {
    const bool open = state == ReviewState::kPending || state == ReviewState::kApproved;
    CHECK(IsTerminal(state) == !open);
  }
  CHECK_FALSE(IsLegal(ReviewState::kUnspecified, ReviewState::kApproved));
  CHECK_FALSE(IsLegal(ReviewState::kDenied, ReviewState::kApproved));
  CHECK_FALSE(IsLegal(ReviewState::kPending, ReviewState::kConsumed));
}

TEST_CASE("StateAt: a review is EXPIRED at the instant of its expiry", "[approval]") {
  const Review pending = AReview(ReviewState::kPending);
  CHECK(StateAt(pending, pending.pending_expires_at - absl::Microseconds(1)) ==
        ReviewState::kPending);
  CHECK(StateAt(pending, pending.pending_expires_at) == ReviewState::kExpired);
  const Review approved = AReview(ReviewState::kApproved);
  CHECK(StateAt(approved, approved.grant_expires_at) == ReviewState::kExpired);
  CHECK(StateAt(AReview(ReviewState::kDenied), absl::InfiniteFuture()) == ReviewState::kDenied);
}

TEST_CASE("Tally: approvals below one never approve", "[approval]") {
  for (const int approvals : {0, -1}) {
    Review review = AReview(ReviewState::kPending);
    review.terms.approvals = approvals;
    CHECK(Tally(review) == ReviewState::kPending);
    review.votes = {Approval("bob")};
    CHECK(Tally(review) == ReviewState::kPending);
  }
}

TEST_CASE("Tally: a stored vote of the requester does not count", "[approval]") {
  Review review = AReview(ReviewState::kPending);
  review.votes = {Approval("ada")};
  CHECK(Tally(review) == ReviewState::kPending);
}

TEST_CASE("AddVote: decides when enough have approved, and opens the grant", "[approval]") {
  Review review = AReview(ReviewState::kPending);
  review.terms.approvals = 2;
  review.terms.grant_uses = 3;
  review.terms.grant_ttl = absl::Minutes(5);
  CHECK(AddVote(review, Approval("bob"), kNow) == ReviewState::kPending);
  CHECK(review.uses_left == 0);
  CHECK(review.decided_at == absl::InfinitePast());
  const absl::Time later = kNow + absl::Minutes(1);
  CHECK(AddVote(review, Approval("carol"), later) == ReviewState::kApproved);
  CHECK(review.state == ReviewState::kPending);  // set by the caller
  CHECK(review.uses_left == 3);
  CHECK(review.decided_at == later);
  CHECK(review.grant_expires_at == later + absl::Minutes(5));
  CHECK(review.votes.size() == 2);
  CHECK(review.votes[1].at == later);
}

TEST_CASE("AddVote: a denial decides with its reason and grants nothing", "[approval]") {
  Review review = AReview(ReviewState::kPending);
  CHECK(AddVote(review, testing::Denial("bob", "not today"), kNow) == ReviewState::kDenied);
  CHECK(review.reason == "not today");
  CHECK(review.decided_at == kNow);
  CHECK(review.uses_left == 0);
}

TEST_CASE("PersonKey: no issuer and subject give another person's key", "[approval]") {
  const Person a{"https://a:1", "b", "", ""};
  const Person b{"https://a", "1:b", "", ""};
  CHECK(PersonKey(a) != PersonKey(b));
  CHECK(PersonKey(Person{"identity", "bob", "", ""}) != PersonKey(Somebody("bob")));
  CHECK(PersonKey(Somebody("agent", "bob")) == PersonKey(Somebody("bob")));
}

TEST_CASE("MayVote: unrelated people may; owners and agents of the requester may not",
          "[approval]") {
  const Person ada = Somebody("ada", "boss");
  CHECK(MayVote(Somebody("bob"), ada));
  CHECK(MayVote(Person{"https://issuer.example", "sub-unknown", "", ""}, Person{"x", "y", "", ""}));
  CHECK_FALSE(MayVote(Somebody("boss"), ada));
  CHECK_FALSE(MayVote(Somebody("sibling", "boss"), ada));
  CHECK_FALSE(MayVote(Somebody("agent", "ada"), ada));
}

TEST_CASE("CheckUse: only an open grant gives a use", "[approval]") {
  for (const ReviewState state : kStates) {
    Review review = AReview(state);
    CHECK(CheckUse(review, BindingHash('a'), kNow).ok() == (state == ReviewState::kApproved));
    CHECK(GetReason(CheckUse(review, BindingHash('b'), kNow)) == "binding_mismatch");
  }
  Review used = AReview(ReviewState::kApproved);
  used.uses_left = 0;
  CHECK(GetReason(CheckUse(used, BindingHash('a'), kNow)) == "review_exhausted");
}

TEST_CASE("ChooseReview: PENDING before APPROVED before DENIED, the newest of each", "[approval]") {
  Review pending = AReview(ReviewState::kPending);
  Review newer = pending;
  pending.id = "pending";
  newer.id = "newer";
  newer.created_at += absl::Seconds(1);
  newer.pending_expires_at += absl::Seconds(1);
  Review approved = AReview(ReviewState::kApproved);
  approved.id = "approved";
  Review denied = AReview(ReviewState::kDenied);
  denied.id = "denied";
  denied.decided_at = kNow;
  const std::string terms = TermsKey(pending.terms);
  const auto chosen = [&](const std::vector<Review>& reviews, absl::Time now) {
    const Review* review = ChooseReview(reviews, terms, now);
    return review == nullptr ? std::string("new") : review->id;
  };
  CHECK(chosen({denied, pending, approved, newer}, kNow) == "newer");
  CHECK(chosen({denied, approved}, kNow) == "approved");
  CHECK(chosen({denied}, kNow) == "denied");
  CHECK(chosen({denied}, kNow + absl::Minutes(15)) == "new");
  CHECK(chosen({AReview(ReviewState::kConsumed), AReview(ReviewState::kRevoked)}, kNow) == "new");
  CHECK(chosen({}, kNow) == "new");
}

TEST_CASE("TermsKey: the number of approvals matters, the order of reviewers does not",
          "[approval]") {
  domain::ReviewTerms a;
  a.reviewers = {"x", "y"};
  domain::ReviewTerms b = a;
  b.reviewers = {"y", "x"};
  CHECK(TermsKey(a) == TermsKey(b));
  b.approvals = 2;
  CHECK(TermsKey(a) != TermsKey(b));
  b = a;
  b.reviewers = {"xy"};
  CHECK(TermsKey(a) != TermsKey(b));
}

}  // namespace countersign::approval::reviews
