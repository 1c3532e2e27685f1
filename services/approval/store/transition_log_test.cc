#include "services/approval/store/transition_log.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "libs/json/document.h"
#include "services/approval/store/transition_details.h"
#include "services/approval/testing/approval_testing.h"

namespace countersign::approval::store {
namespace {

using domain::ReviewState;

struct Log {
  Log() {
    Add("r1", ReviewState::kUnspecified, ReviewState::kPending);
    Add("r2", ReviewState::kUnspecified, ReviewState::kPending);
    Add("r1", ReviewState::kPending, ReviewState::kApproved);
  }
  void Add(const std::string& id, ReviewState from, ReviewState to) {
    Transition line;
    line.review_id = id;
    line.from = from;
    line.to = to;
    line.actor = "bob";
    line.detail = "{}";
    line.at = absl::FromUnixSeconds(1'700'000'000);
    lines.push_back(Chain(line, head, SecretString("key")));
  }

  LogHead head = EmptyLogHead();
  std::vector<Transition> lines;
};

// The error of VerifyLog for a whole log; "" when it is OK.
std::string Mistake(const std::vector<Transition>& lines) {
  LogHead head = EmptyLogHead();
  const absl::Status status = VerifyLog(lines, head);
  if (!status.ok()) CHECK(status.code() == absl::StatusCode::kDataLoss);
  return std::string(status.message());
}

TEST_CASE("VerifyLog: an intact log is OK and gives its head", "[approval]") {
  const Log log;
  LogHead head = EmptyLogHead();
  REQUIRE(VerifyLog(log.lines, head).ok());
  CHECK(head.sequence == 3);
  CHECK(head.hash == log.head.hash);
}

TEST_CASE("VerifyLog: continues where an earlier part ended", "[approval]") {
  const Log log;
  LogHead head = EmptyLogHead();
  REQUIRE(VerifyLog({log.lines[0], log.lines[1]}, head).ok());
  REQUIRE(VerifyLog({log.lines[2]}, head).ok());
  CHECK(head.hash == log.head.hash);
}

TEST_CASE("VerifyLog: a change of any field is detected", "[approval]") {
  const Log log;
  const auto changed = [&](auto change) {
    std::vector<Transition> lines = log.lines;
    change(lines[1]);
    return Mistake(lines);
  };
  const std::string expected = "line 2 of the approval log: changed";
  CHECK(changed([](Transition& line) { line.review_id = "r3"; }) == expected);
  CHECK(changed([](Transition& line) { line.to = ReviewState::kApproved; }) == expected);
  CHECK(changed([](Transition& line) { line.actor = "eve"; }) == expected);
  CHECK(changed([](Transition& line) { line.detail = "{} "; }) == expected);
  CHECK(changed([](Transition& line) { line.at += absl::Microseconds(1); }) == expected);
  CHECK(changed([](Transition& line) { line.hash[0] ^= 1; }) == expected);
}

TEST_CASE("VerifyLog: missing and swapped lines are detected", "[approval]") {
  const Log log;
  CHECK(Mistake({log.lines[0], log.lines[2]}) == "line 2 of the approval log: missing");
  CHECK(Mistake({log.lines[1], log.lines[0]}) == "line 1 of the approval log: missing");
}

TEST_CASE("VerifyLog: an illegal transition is detected even if its hash is right", "[approval]") {
  Log illegal;
  illegal.Add("r1", ReviewState::kApproved, ReviewState::kPending);
  CHECK(Mistake(illegal.lines) == "line 4 of the approval log: not a legal transition");
  Log jump;
  jump.Add("r2", ReviewState::kApproved, ReviewState::kConsumed);  // r2 was never approved
  CHECK(Mistake(jump.lines) == "line 4 of the approval log: does not follow the review's state");
}

TEST_CASE("Transition details: are valid JSON whatever people typed", "[approval]") {
  reviews::Vote vote = testing::Denial("bob", "no \"quotes\"\n");
  const auto voted = json::Document::Parse(VoteDetail(vote));
  REQUIRE(voted.ok());
  CHECK(voted->root()["vote"].text() == "DENY");
  CHECK(voted->root()["subject"].text() == "sub-bob");
  CHECK(voted->root()["reason"].text() == vote.reason);

  const reviews::NewReview call = testing::ACall("session-7");
  const auto opened = json::Document::Parse(OpenedDetail(call, call.session_id));
  REQUIRE(opened.ok());
  CHECK(opened->root()["session"].text() == "session-7");
  CHECK(opened->root()["bindingHash"].text() == call.binding_hash);
  CHECK(opened->root()["reviewers"].at(0).text() == "security");

  CHECK(UseDetail("s") == R"({"session":"s"})");
  CHECK(ReasonDetail("a mistake") == R"({"reason":"a mistake"})");
}

}  // namespace
}  // namespace countersign::approval::store
