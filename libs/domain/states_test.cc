#include <catch2/catch.hpp>

#include "libs/domain/decision.h"
#include "libs/domain/masker.h"
#include "libs/domain/review_gate.h"
#include "libs/domain/session.h"

namespace countersign::domain {

TEST_CASE("Verdict, Recording, Direction: convert to text", "[domain]") {
  CHECK(ToString(Verdict::kDeny) == "deny");
  CHECK(ToString(Verdict::kAllow) == "allow");
  CHECK(ToString(Verdict::kReview) == "review");
  CHECK(ToString(Recording::kStrict) == "strict");
  CHECK(ToString(Recording::kOrdered) == "ordered");
  CHECK(ToString(Direction::kPrompt) == "prompt");
  CHECK(ToString(Direction::kResponse) == "response");
}

TEST_CASE("ReviewState: every state survives conversion to text; unknown text is refused",
          "[domain]") {
  for (int i = 1; i <= static_cast<int>(ReviewState::kRevoked); ++i) {
    const auto state = static_cast<ReviewState>(i);
    CHECK(ReviewStateFromString(ToString(state)) == state);
  }
  CHECK(ReviewStateFromString("pending") == ReviewState::kUnspecified);
}

TEST_CASE("Outcome: every outcome survives conversion to text; unknown text is refused",
          "[domain]") {
  for (int i = 1; i <= static_cast<int>(Outcome::kTruncated); ++i) {
    const auto outcome = static_cast<Outcome>(i);
    CHECK(OutcomeFromString(ToString(outcome)) == outcome);
  }
  CHECK(OutcomeFromString("done") == Outcome::kRunning);
}

}  // namespace countersign::domain
