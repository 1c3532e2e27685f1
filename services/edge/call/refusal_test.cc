#include "services/edge/call/refusal.h"

#include <catch2/catch.hpp>
#include <memory>

#include "libs/base/status.h"

namespace countersign::edge::call {
namespace {

using domain::Outcome;

TEST_CASE("Step: contains the value of a step, also a move-only one", "[edge]") {
  Step<std::unique_ptr<int>> step(std::make_unique<int>(7));
  REQUIRE(step.ok());
  CHECK(**step == 7);
  const std::unique_ptr<int> value = *std::move(step);
  CHECK(*value == 7);
}

TEST_CASE("Step: contains the refusal if there is no value", "[edge]") {
  Step<int> step(RefuseBlocked("policy_denied", "no"));
  REQUIRE_FALSE(step.ok());
  CHECK(step.refusal().error.code == "policy_denied");
  CHECK(std::move(step).refusal().error.message == "no");
}

TEST_CASE("RefuseBlocked: the session ends as blocked, and nothing is logged", "[edge]") {
  const Refusal refusal = RefuseBlocked("model_not_found", "no such model");
  CHECK(refusal.outcome == Outcome::kBlocked);
  CHECK(refusal.error.http_status == 404);
  CHECK(refusal.cause.ok());
  CHECK_FALSE(refusal.silent());
}

TEST_CASE("RefuseCancelled: a caller who left gets no error", "[edge]") {
  const Refusal refusal = RefuseCancelled(absl::CancelledError("the caller left"));
  CHECK(refusal.outcome == Outcome::kCancelled);
  CHECK(refusal.silent());
}

TEST_CASE("RefuseCancelled: a killed session and a drain are distinguished", "[edge]") {
  const Refusal killed = RefuseCancelled(WithReason(absl::AbortedError("stop"), "killed"));
  CHECK(killed.outcome == Outcome::kKilled);
  CHECK(killed.error.code == "killed");
  const Refusal drained = RefuseCancelled(absl::AbortedError("the process drains"));
  CHECK(drained.outcome == Outcome::kAborted);
  CHECK(drained.error.code == "unavailable");
  CHECK_FALSE(drained.silent());
}

TEST_CASE("RefuseCancelled: a caller who is no longer authorized gets the reason", "[edge]") {
  const Refusal revoked = RefuseCancelled(absl::UnauthenticatedError("the key was revoked"));
  CHECK(revoked.outcome == Outcome::kAborted);
  CHECK(revoked.error.code == "unauthenticated");
  CHECK(revoked.error.message == "the credential does not stand any more: the key was revoked");
  const Refusal no_role = RefuseCancelled(absl::PermissionDeniedError("not any more"));
  CHECK(no_role.outcome == Outcome::kAborted);
  CHECK(no_role.error.code == "permission_denied");
}

TEST_CASE("RefuseHeld: a held call of a caller who is no longer authorized is blocked", "[edge]") {
  CHECK(RefuseHeld(absl::UnauthenticatedError("revoked")).outcome == Outcome::kBlocked);
  CHECK(RefuseHeld(absl::PermissionDeniedError("no role")).outcome == Outcome::kBlocked);
  CHECK(RefuseHeld(absl::AbortedError("the process drains")).outcome == Outcome::kAborted);
  CHECK(RefuseHeld(absl::CancelledError("left")).outcome == Outcome::kCancelled);
  CHECK(RefuseHeld(WithReason(absl::PermissionDeniedError("stop"), "killed")).outcome ==
        Outcome::kKilled);
}

TEST_CASE("RefuseForPart: a part that is down closes the gate and is named in the log", "[edge]") {
  const Refusal refusal = RefuseForPart(absl::UnavailableError("10.0.0.7 refused"), "approval");
  CHECK(refusal.outcome == Outcome::kAborted);
  CHECK(refusal.error.http_status == 503);
  CHECK(refusal.error.message.find("10.0.0.7") == std::string::npos);
  CHECK(refusal.cause.message() == "approval: 10.0.0.7 refused");
}

TEST_CASE("RefuseForPart: a caller with too many reviews is blocked; it is not a failure",
          "[edge]") {
  const absl::Status status =
      WithReason(absl::ResourceExhaustedError("100 of your calls wait"), "too_many_reviews");
  const Refusal refusal = RefuseForPart(status, "approval");
  CHECK(refusal.outcome == Outcome::kBlocked);
  CHECK(refusal.error.http_status == 429);
  CHECK(refusal.error.code == "too_many_reviews");
  CHECK(refusal.error.final);
  CHECK(refusal.cause.ok());
}

TEST_CASE("RefuseForPart: a cancelled question is the cancelled call", "[edge]") {
  CHECK(RefuseForPart(absl::CancelledError("left"), "policy").outcome == Outcome::kCancelled);
  CHECK(
      RefuseForPart(WithReason(absl::AbortedError("stop"), "killed"), "session recorder").outcome ==
      Outcome::kKilled);
}

TEST_CASE("RefuseForUpstream: a timeout is 504, other errors are 502", "[edge]") {
  CHECK(RefuseForUpstream(absl::DeadlineExceededError("slow"), false).error.http_status == 504);
  const Refusal refusal = RefuseForUpstream(absl::UnavailableError("reset"), false);
  CHECK(refusal.error.http_status == 502);
  CHECK(refusal.outcome == Outcome::kUpstreamError);
}

TEST_CASE("RefuseForUpstream: after the use of a grant SDKs are told not to retry", "[edge]") {
  CHECK_FALSE(RefuseForUpstream(absl::UnavailableError("reset"), false).error.final);
  CHECK(RefuseForUpstream(absl::UnavailableError("reset"), true).error.final);
}

}  // namespace
}  // namespace countersign::edge::call
