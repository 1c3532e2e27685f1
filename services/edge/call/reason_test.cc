#include "services/edge/call/reason.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"

namespace countersign::edge::call {
namespace {

absl::Status Failure(absl::string_view reason) {
  return WithReason(absl::FailedPreconditionError("no"), reason);
}

TEST_CASE("ToReason: every reason that the pipeline acts on is recognised", "[edge]") {
  CHECK(ToReason(Failure("killed")) == Reason::kKilled);
  CHECK(ToReason(Failure("unknown_connection")) == Reason::kUnknownConnection);
  CHECK(ToReason(Failure("unknown_event")) == Reason::kUnknownEvent);
  CHECK(ToReason(Failure("review_exhausted")) == Reason::kGrantUsed);
  CHECK(ToReason(Failure("review_not_approved")) == Reason::kGrantUsed);
  CHECK(ToReason(Failure("too_many_reviews")) == Reason::kTooManyReviews);
  CHECK(ToReason(Failure("review_expired")) == Reason::kGrantExpired);
  CHECK(ToReason(Failure("review_revoked")) == Reason::kGrantRevoked);
}

TEST_CASE("ToReason: other reasons, no reason and OK are kOther", "[edge]") {
  CHECK(ToReason(Failure("binding_mismatch")) == Reason::kOther);
  CHECK(ToReason(Failure("KILLED")) == Reason::kOther);
  CHECK(ToReason(absl::UnavailableError("killed")) == Reason::kOther);
  CHECK(ToReason(absl::OkStatus()) == Reason::kOther);
}

}  // namespace
}  // namespace countersign::edge::call
