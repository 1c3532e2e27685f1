#include "services/edge/call/refusal.h"

#include "libs/base/status.h"

namespace countersign::edge {

using domain::Outcome;

Refusal RefusalOfStop(const absl::Status& why) {
  if (absl::IsCancelled(why)) return Refusal{dialects::CallerError(), Outcome::kCancelled};
  if (ReasonOf(why) == "killed") {
    return Refusal{dialects::MakeCallerError("killed", "an auditor stopped this session"),
                   Outcome::kKilled};
  }
  return Refusal{
      dialects::MakeCallerError("unavailable", "the gateway had to stop this call; try again"),
      Outcome::kAborted};
}

Refusal RefusalOfPart(const absl::Status& status, absl::string_view part) {
  if (absl::IsCancelled(status) || ReasonOf(status) == "killed") return RefusalOfStop(status);
  return Refusal{dialects::ErrorOfPart(status, part), Outcome::kAborted, Annotate(status, part)};
}

Refusal RefusalOfUpstream(const absl::Status& status, bool grant_used) {
  Refusal refusal{dialects::ErrorOfUpstream(status), Outcome::kUpstreamError,
                  Annotate(status, "upstream")};
  refusal.error.final |= grant_used;
  return refusal;
}

}  // namespace countersign::edge
