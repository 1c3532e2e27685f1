#include "services/edge/call/refusal.h"

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
  return Refusal{
      dialects::MakeCallerError("unavailable", "the gateway had to stop this call; try again"),
      Outcome::kAborted, absl::OkStatus()};
}

Refusal RefuseForPart(const absl::Status& status, absl::string_view part) {
  if (absl::IsCancelled(status) || ToReason(status) == Reason::kKilled) {
    return RefuseCancelled(status);
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
