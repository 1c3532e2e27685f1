#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/approval/testing/review_store_contract.h"

// What every ReviewStore must do when it lists reviews, and when it reads several at once.
namespace countersign::approval::testing {

inline void CheckListing(StoreUnderTest& test) {
  store::ReviewStore& store = test.store();
  std::vector<std::string> ids;
  for (const char hash : {'1', '2', '3', '4'}) ids.push_back(OpenOne(store, ACall("s", hash)));
  std::sort(ids.begin(), ids.end());  // reviews opened in one millisecond are unordered
  store::ReviewQuery query;
  query.names = {"security", "somebody"};
  query.all_connections = true;
  const auto found = [&] {
    const auto reviews = store.List(query);
    REQUIRE(reviews.ok());
    std::vector<std::string> listed;
    for (const reviews::Review& review : *reviews) listed.push_back(review.id);
    return listed;
  };
  SECTION("newest first, across pages") {
    query.limit = 3;
    CHECK(found() == std::vector<std::string>{ids[3], ids[2], ids[1]});
    query.before = ids[1];
    CHECK(found() == std::vector<std::string>{ids[0]});
  }
  SECTION("states are the current ones") {
    REQUIRE(store.CastVote(ids[0], Denial("bob")).ok());
    CHECK(found().size() == 3);
    query.state = ReviewState::kDenied;
    CHECK(found() == std::vector<std::string>{ids[0]});
    test.Advance(absl::Minutes(15));
    query.state = ReviewState::kPending;
    CHECK(found().empty());
    query.state = ReviewState::kExpired;
    CHECK(found().size() == 3);
    query.all_states = true;
    CHECK(found().size() == 4);
  }
  SECTION("a listed review shows who has voted") {
    const std::string id = OpenOne(store, ACall("s", '5', 2));
    reviews::Vote vote = Approval("bob", '5');
    vote.claimed_groups = {"a \"group\"", "b,c", "{d}", "back\\slash", "NULL", ""};
    REQUIRE(store.CastVote(id, vote).ok());
    const auto reviews = store.List(query);
    REQUIRE(reviews.ok());
    for (const reviews::Review& review : *reviews) {
      if (review.id != id) {
        CHECK(review.votes.empty());
        continue;
      }
      REQUIRE(review.votes.size() == 1);
      CHECK(review.votes[0].voter.identity == "bob");
      CHECK(review.votes[0].claimed_groups == vote.claimed_groups);
      CHECK(review.terms.reviewers == std::vector<std::string>{"security"});
    }
  }
  SECTION("a reader who is not named sees nothing; unusual names do no harm") {
    query.names = {"nobody", "\"}'; --", "a,b", "\\"};
    CHECK(found().empty());
    query.names = {};
    CHECK(found().empty());
  }
  SECTION("only the reader's connections are listed") {
    query.all_connections = false;
    query.connections = {"anthropic"};
    CHECK(found().empty());
    query.connections = {"anthropic", "openai"};
    CHECK(found().size() == 4);
    query.connections = {};
    CHECK(found().empty());
  }
  SECTION("an auditor sees the reviews of its connections, whoever they name") {
    query.names = {};
    query.all_connections = false;
    query.audited = {"openai"};
    CHECK(found().size() == 4);
    query.audited = {"anthropic"};
    CHECK(found().empty());
    query.names = {"security"};
    query.connections = {"openai"};  // as a reviewer
    CHECK(found().size() == 4);
    query.names = {};
    query.audits_all = true;
    CHECK(found().size() == 4);
    query.state = ReviewState::kDenied;
    CHECK(found().empty());
  }
  SECTION("the log tells where the lines of a review are") {
    const char hash = store.Get(ids[0])->binding_hash[0];
    REQUIRE(store.CastVote(ids[0], Approval("bob", hash)).ok());
    const std::string unknown = "01900000-0000-7000-8000-000000000001";
    const auto lines = store.Locate({ids[1], ids[0], "nonsense", unknown});
    REQUIRE(lines.ok());
    REQUIRE(lines->size() == 2);
    const std::vector<store::Transition> log = WholeLog(store);
    for (const domain::ReviewLines& each : *lines) {
      CHECK(log.at(each.first - 1).review_id == each.review_id);
      CHECK(log.at(each.first - 1).from == ReviewState::kUnspecified);
      CHECK(log.at(each.last - 1).review_id == each.review_id);
      CHECK(each.last == (each.review_id == ids[0] ? log.size() : each.first));
    }
    CHECK(store.LogHash(0).value() == store::EmptyLogHead().hash);
    CHECK(store.LogHash(2).value() == log[1].hash);
    CHECK(absl::IsNotFound(store.LogHash(99).status()));
  }
  SECTION("a revoked review tells who revoked it") {
    const char hash = store.Get(ids[0])->binding_hash[0];
    REQUIRE(store.CastVote(ids[0], Approval("bob", hash)).ok());
    REQUIRE(store.Revoke(ids[0], "rita", "changed").ok());
    const auto review = store.Get(ids[0]);
    REQUIRE(review.ok());
    CHECK(review->Status().revoked_by == "rita");
    CHECK(review->Status().revoked_at > absl::UnixEpoch());
    CHECK(review->Status().votes.size() == 1);
  }
  SECTION("many statuses are read at once, and unknown ids are left out") {
    REQUIRE(store.CastVote(ids[1], Denial("bob", "no!")).ok());
    const auto statuses = store.Statuses({ids[0], ids[1], "nonsense"});
    REQUIRE(statuses.ok());
    REQUIRE(statuses->size() == 2);
    for (const domain::ReviewStatus& status : *statuses) {
      const bool denied = status.review_id == ids[1];
      CHECK(status.state == (denied ? ReviewState::kDenied : ReviewState::kPending));
      CHECK(status.reason == (denied ? "no!" : ""));
      REQUIRE(status.votes.size() == (denied ? 1 : 0));
      if (!denied) continue;
      CHECK(status.votes[0].reviewer == "bob");
      CHECK_FALSE(status.votes[0].approves);
      CHECK(status.votes[0].reason == "no!");
      CHECK(status.votes[0].at > absl::UnixEpoch());
    }
  }
  SECTION("an expiry that was told stays when the clock is set back") {
    const auto told_by = GENERATE(0, 1, 2);
    test.Advance(absl::Minutes(15));
    if (told_by == 0) CHECK(store.Get(ids[0])->state == ReviewState::kExpired);
    if (told_by == 1) CHECK(store.Statuses({ids[0]})->at(0).state == ReviewState::kExpired);
    if (told_by == 2) CHECK(found().empty());
    test.Advance(-absl::Minutes(15));
    const auto review = store.Get(ids[0]);
    REQUIRE(review.ok());
    CHECK(review->state == ReviewState::kExpired);
    const auto vote = store.CastVote(ids[0], Approval("bob", review->binding_hash[0]));
    CHECK(GetReason(vote.status()) == "review_expired");
  }
  SECTION("overdue reviews are expired in portions and counted") {
    CHECK(store.Counts()->pending == 4);
    CHECK(store.ExpireDue(10).value() == 0);
    test.Advance(absl::Minutes(15));
    CHECK(store.Counts()->pending == 0);
    CHECK(store.ExpireDue(3).value() == 3);
    CHECK(store.ExpireDue(3).value() == 1);
    CHECK(store.ExpireDue(3).value() == 0);
    CHECK(WholeLog(store).size() == 8);
  }
}

}  // namespace countersign::approval::testing
