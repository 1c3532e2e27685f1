#include "services/edge/call/refusal.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/edge/call/reason.h"

namespace countersign::edge::call {

using domain::Outcome;

Refusal RefuseBlocked(absl::string_view code, absl::string_view message) {
  return Refusal{dialects::MakeCallerError(code, message), Outcome::kBlocked, absl::OkStatus()};
}

Refusal RefuseCancelled(const absl::Status& cause) {
  if (absl::IsCancelled(cause)) {
    return Refusal{dialects::CallerError(), Outcome::kCancelled, absl::OkStatus()};
  }
  if (ToReason(cause) == Reason::kKilled) {
    return Refusal{dialects::MakeCallerError("killed", "an auditor stopped this session"),
                   Outcome::kKilled, absl::OkStatus()};
  }
  if (absl::IsUnauthenticated(cause)) {
    return Refusal{dialects::MakeCallerError(
                       "unauthenticated",
                       absl::StrCat("the credential does not stand any more: ", cause.message())),
                   Outcome::kAborted, absl::OkStatus()};
  }
  if (absl::IsPermissionDenied(cause)) {
    return Refusal{dialects::MakeCallerError("permission_denied", cause.message()),
                   Outcome::kAborted, absl::OkStatus()};
  }
  return Refusal{
      dialects::MakeCallerError("unavailable", "the gateway had to stop this call; try again"),
      Outcome::kAborted, absl::OkStatus()};
}

Refusal RefuseHeld(const absl::Status& cause) {
  Refusal refusal = RefuseCancelled(cause);
  const bool lost = absl::IsUnauthenticated(cause) || absl::IsPermissionDenied(cause);
  if (lost && refusal.outcome == Outcome::kAborted) refusal.outcome = Outcome::kBlocked;
  return refusal;
}

Refusal RefuseForPart(const absl::Status& status, absl::string_view part) {
  if (absl::IsCancelled(status) || ToReason(status) == Reason::kKilled) {
    return RefuseCancelled(status);
  }
  if (ToReason(status) == Reason::kTooManyReviews) {
    return Refusal{dialects::MakePartError(status, part), Outcome::kBlocked, absl::OkStatus()};
  }
  return Refusal{dialects::MakePartError(status, part), Outcome::kAborted, Annotate(status, part)};
}

Refusal RefuseForUpstream(const absl::Status& status, bool grant_used) {
  Refusal refusal{dialects::MakeUpstreamError(status), Outcome::kUpstreamError,
                  Annotate(status, "upstream")};
  refusal.error.final |= grant_used;
  return refusal;
}

}  // namespace countersign::edge::call
