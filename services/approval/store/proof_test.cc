#include "services/approval/store/proof.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libs/base/random.h"
#include "libs/base/status.h"
#include "libs/testing/fake_clock.h"
#include "services/approval/testing/approval_testing.h"
#include "services/approval/testing/review_store_memory.h"

namespace countersign::approval::store {
namespace {

using domain::ReviewState;
using testing::ACall;
using testing::Approval;
using testing::BindingHash;
using testing::Denial;
using testing::Somebody;

// A store in memory, whose rows and log a test can change like a superuser.
struct Fixture {
  countersign::testing::FakeClock clock;
  SystemRandom random;
  testing::MemoryReviewStore store{clock, random};

  std::string Open(const reviews::NewReview& call = ACall()) {
    const auto joined = store.Join(call);
    REQUIRE(joined.ok());
    return joined->review.id;
  }
  absl::Status Use(const std::string& id, const std::string& session = "s") {
    return store.Consume(id, session, Somebody("ada"), BindingHash('a')).status();
  }
  std::string Reason(const std::string& id, const std::string& session = "s") {
    const absl::Status status = Use(id, session);
    if (!status.ok()) CHECK(absl::IsDataLoss(status));
    return status.ok() ? "" : std::string(status.message());
  }
  void Approve(const std::string& id) {
    reviews::Review& review = store.row(id).review;
    review.state = ReviewState::kApproved;
    review.uses_left = 1;
    review.decided_at = clock.Now();
    review.grant_expires_at = clock.Now() + absl::Hours(1);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "ReviewHistory: proves from this log what was used", "[approval]") {
  Open(ACall("other", 'b'));
  const std::string id = Open(ACall("s", 'a', 2));
  REQUIRE(store.CastVote(id, Approval("bob")).ok());
  REQUIRE(store.CastVote(id, Approval("carol")).ok());
  REQUIRE(Use(id).ok());
  domain::ReviewHistory history({id});
  const auto lines = store.Log(0, 100);
  REQUIRE(lines.ok());
  for (const Transition& line : *lines) {
    REQUIRE(history.Add({line.sequence, EncodeTransition(line)}).ok());
  }
  const reviews::Person ada = Somebody("ada");
  domain::RecordedUse use{"s",        id,          BindingHash('a'), "openai",
                          ada.issuer, ada.subject, {"carol", "bob"}};
  const auto proof = history.Check(use);
  INFO(proof.problem);
  CHECK(proof.proof == domain::ReviewHistory::Proof::kProven);
  use.session_id = "s2";
  CHECK(history.Check(use).proof == domain::ReviewHistory::Proof::kContradicted);
  use.review_id = "unknown";
  CHECK(history.Check(use).proof == domain::ReviewHistory::Proof::kMissing);
}

TEST_CASE_METHOD(Fixture,
                 "ProveReview: an unmodified approval is proven, with any number of approvers",
                 "[approval]") {
  const std::string id = Open(ACall("s", 'a', 2));
  reviews::Vote bob = Approval("bob");
  bob.claimed_groups = {"a \"group\"", "b"};
  REQUIRE(store.CastVote(id, bob).ok());
  Open(ACall("other", 'b'));
  REQUIRE(store.CastVote(id, Approval("carol")).ok());
  CHECK(Use(id).ok());
  CHECK(Use(id).ok());  // the same session again
}

TEST_CASE_METHOD(Fixture, "ProveReview: the stored state alone approves nothing",
                 "[approval][tamper]") {
  const std::string id = Open(ACall("s", 'a', 2));
  SECTION("no vote") {
    Approve(id);
    CHECK_THAT(Reason(id), Catch::Contains("it was not approved"));
  }
  SECTION("a vote that was not cast") {
    store.row(id).review.votes.push_back(Approval("bob"));
    Approve(id);
    CHECK_THAT(Reason(id), Catch::Contains("a vote that the log does not know"));
  }
  SECTION("a vote that was taken out") {
    REQUIRE(store.CastVote(id, Approval("bob")).ok());
    REQUIRE(store.CastVote(id, Approval("carol")).ok());
    store.row(id).review.votes.pop_back();
    CHECK_THAT(Reason(id), Catch::Contains("the log has a vote that it has not"));
  }
  SECTION("terms that were made weaker") {
    REQUIRE(store.CastVote(id, Approval("bob")).ok());
    store.row(id).review.terms.approvals = 1;
    Approve(id);
    CHECK_THAT(Reason(id), Catch::Contains("it is not what was opened"));
  }
  SECTION("other reviewers") {
    store.row(id).review.terms.reviewers = {"mallory"};
    Approve(id);
    CHECK_THAT(Reason(id), Catch::Contains("it is not what was opened"));
  }
  SECTION("a review that was never opened") {
    Approve(id);
    store.log().clear();
    CHECK_THAT(Reason(id), Catch::Contains("the log does not know it"));
  }
}

TEST_CASE_METHOD(Fixture, "ProveReview: duration and uses of a grant are those of its approval",
                 "[approval][tamper]") {
  const std::string id = Open();
  REQUIRE(store.CastVote(id, Approval("bob")).ok());
  SECTION("longer") {
    clock.Advance(absl::Minutes(5));
    store.row(id).review.grant_expires_at += absl::Hours(1);
    CHECK_THAT(Reason(id), Catch::Contains("its grant is over"));
  }
  SECTION("twice") {
    REQUIRE(Use(id, "first").ok());
    store.row(id).uses.clear();
    Approve(id);
    CHECK_THAT(Reason(id, "second"), Catch::Contains("not approved"));
  }
  SECTION("by a session that did not use it") {
    REQUIRE(Use(id, "first").ok());
    store.row(id).uses["second"] = clock.Now();
    CHECK_THAT(Reason(id, "second"), Catch::Contains("no such use"));
  }
}

TEST_CASE_METHOD(Fixture, "ProveReview: every line since the opening must have a valid MAC",
                 "[approval][tamper]") {
  const std::string before = Open(ACall("before", 'c'));
  const std::string id = Open();
  const std::string other = Open(ACall("other", 'b'));
  REQUIRE(store.CastVote(other, Denial("carol")).ok());
  REQUIRE(store.CastVote(id, Approval("bob")).ok());
  std::vector<Transition>& log = store.log();
  REQUIRE(log.size() == 5);
  SECTION("a line was changed") {
    log[3].actor = "mallory";
    CHECK_THAT(Reason(id), Catch::Contains("a line was changed"));
  }
  SECTION("a line was taken out") {
    log.erase(log.begin() + 3);
    CHECK_THAT(Reason(id), Catch::Contains("a line is missing"));
  }
  SECTION("a line was added, with hashes that fit") {
    LogHead head{log.back().sequence, log.back().hash};
    Transition forged = log.back();
    forged.review_id = other;
    log.push_back(Chain(forged, head, SecretString("another key")));
    CHECK_THAT(Reason(id), Catch::Contains("line 6 is not this service's"));
  }
  SECTION("a line of before its opening is not looked at") {
    log[0].actor = "mallory";
    CHECK(Reason(id).empty());
  }
}

TEST_CASE_METHOD(Fixture, "Void: revokes the review, and the log continues with a legal step",
                 "[approval]") {
  const std::string forged = Open();
  const std::string approved = Open(ACall("s", 'b'));
  REQUIRE(store.CastVote(approved, Approval("bob", 'b')).ok());
  Approve(forged);
  REQUIRE(store.Void(forged, "x").ok());
  REQUIRE(store.Void(approved, "x").ok());
  CHECK(store.Get(forged)->state == ReviewState::kRevoked);
  CHECK(store.Get(approved)->state == ReviewState::kRevoked);
  LogHead head = EmptyLogHead();
  CHECK(VerifyLog(store.log(), head).ok());
  const std::size_t lines = store.log().size();
  Approve(forged);
  REQUIRE(store.Void(forged, "x").ok());  // the log has ended it: nothing is added
  CHECK(store.log().size() == lines);
}

}  // namespace countersign::approval::store
