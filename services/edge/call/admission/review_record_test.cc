// What the session of a held call records about its review.

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "libs/domain/event_payload.h"
#include "services/edge/call/admission/review.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::admission {
namespace {

using clients::FakeReviewGate;
using domain::ReviewState;
using testing::CallFixture;
using testing::kPlainAnswer;
using testing::OneCall;

// A gateway whose policy asks for a review, and whose model answers one plain call.
struct Reviewed : CallFixture {
  Reviewed() {
    Review();
    connection().credential = "openai-key";
    upstream.Answer(200, "application/json", {kPlainAnswer});
  }
};

TEST_CASE("Review: the session records how its review ended, with who and why", "[edge]") {
  struct Case {
    ReviewState state;
    const char* event;  // null: none
  };
  const Case cases[] = {
      {ReviewState::kDenied, "review.denied"},   {ReviewState::kRevoked, "review.revoked"},
      {ReviewState::kExpired, "review.expired"}, {ReviewState::kPending, nullptr},
      {ReviewState::kCancelled, nullptr},        {ReviewState::kApproved, "review.approved"}};
  for (const Case& each : cases) {
    for (const bool at_once : {false, true}) {
      if (at_once && each.state == ReviewState::kPending) continue;
      Reviewed f;
      const auto answer = [&] {
        domain::ReviewStatus status = FakeReviewGate::Status(each.state, "too broad");
        status.votes = {
            {"rita", each.state == ReviewState::kApproved, "too broad", absl::FromUnixSeconds(7)}};
        return status;
      };
      (at_once ? f.reviews.join : f.reviews.wait).Always(answer);
      f.StartCall();
      CAPTURE(static_cast<int>(each.state), at_once);
      int found = 0;
      for (const auto& event : f.session().events) {
        if (event.type.find("review.") != 0 || event.type == "review.waiting" ||
            event.type == "review.consumed") {
          continue;
        }
        ++found;
        CHECK(event.type == (each.event == nullptr ? "" : each.event));
        CHECK(event.payload == domain::ReviewEndPayload(answer()));
      }
      CHECK(found == (each.event == nullptr ? 0 : 1));
    }
  }
}

TEST_CASE("Review: of an approval that was revoked before its use, who revoked it is recorded",
          "[edge]") {
  for (const bool told : {true, false}) {
    Reviewed f;
    f.reviews.consume.AlwaysFail(
        WithReason(absl::FailedPreconditionError("no grant"), "review_revoked"));
    domain::ReviewStatus revoked = FakeReviewGate::Status(ReviewState::kRevoked, "changed my mind");
    revoked.revoked_by = "rita";
    revoked.revoked_at = absl::FromUnixSeconds(7);
    f.reviews.get_status.Always([=] { return revoked; });
    if (!told) f.reviews.get_status.AlwaysFail(absl::UnavailableError("down"));
    const OneCall& call = f.StartCall();
    CHECK(call.code() == "review_denied");
    const auto events = f.session().events;
    REQUIRE(!events.empty());
    CHECK(events.back().type == "review.revoked");
    CHECK((events.back().payload == domain::ReviewEndPayload(revoked)) == told);
  }
}

TEST_CASE("Review: policy is told the verdict that a held call had before", "[edge]") {
  Reviewed f;
  f.StartCall();
  using Before = std::vector<std::optional<domain::Verdict>>;
  CHECK(f.decider.verdicts_before() == Before{std::nullopt, domain::Verdict::kReview});
}

}  // namespace
}  // namespace countersign::edge::call::admission
