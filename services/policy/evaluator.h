#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/domain/decision.h"
#include "libs/domain/principal.h"
#include "libs/domain/prompt.h"
#include "services/policy/rule_set.h"

namespace countersign::policy {

struct Query {
  const domain::Principal& principal;
  const std::string& connection;
  const domain::Prompt& prompt;
};

// At most so many findings are reported per decision, and per condition at most so many parts.
inline constexpr std::size_t kMaxFindings = 64;
inline constexpr std::size_t kMaxFindingsPerCondition = 8;

// Returns the verdict of `snapshot` on `query`: any matching deny wins, then the highest priority
// decides, review before allow where priorities are equal, and the smaller name where those are.
//
// No match means deny with an empty policy: an empty or half-loaded set closes the gate. Evaluation
// is pure (no I/O, clock or lock), so recorded sessions can be replayed against a newer set, and
// any thread may call it at any time. Findings are those of all policies that match, the deciding
// one's first; what holds by absence (under `not`) gives none.
//
// NOT_FOUND (reason unknown_connection) when the set has no such connection; any error of the text
// engine is returned as it is. A caller that gets an error does not forward the call.
//
// REQUIRES: authentication has already run.
absl::StatusOr<domain::Decision> Evaluate(const Snapshot& snapshot, const Query& query);

}  // namespace countersign::policy
