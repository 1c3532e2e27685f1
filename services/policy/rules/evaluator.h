#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/decision.h"
#include "libs/domain/principal.h"
#include "libs/domain/prompt.h"
#include "services/policy/rules/rule_set.h"

namespace countersign::policy::rules {

struct Query {
  const domain::Principal& principal;
  const std::string& connection;
  const domain::Prompt& prompt;
};

// The maximum per decision.
inline constexpr std::size_t kMaxFindings = 64;

// Returns the decision of `snapshot` about `query`. Any matching deny wins; then the highest
// priority decides, review before allow at equal priority, then the smaller name. The time depends
// on how much matches, not on the number of policies (rule_index.h).
//
// Without a match the answer is deny with an empty policy: an empty or half-loaded set denies
// everything. Evaluation is pure (no I/O, clock or lock), so recorded sessions can be replayed
// against a newer set, and any thread may call it at any time. Findings are those of all matching
// policies, those of the deciding one first. For a long prompt that is denied, only as many tokens
// are counted as applicable policies need (condition_evaluator.h).
//
// NOT_FOUND (reason unknown_connection) when the set has no such connection; errors of the text
// engine are returned unchanged. On an error the caller must not forward the call.
//
// REQUIRES: authentication has already run.
absl::StatusOr<domain::Decision> Evaluate(const Snapshot& snapshot, const Query& query);

// One policy's part in the decision.
struct PolicyExplanation {
  const domain::Policy* policy = nullptr;  // into Snapshot::resources
  absl::string_view mismatch;  // the section of `match` that does not fit; empty if it applies
  bool holds = false;          // whether its conditions hold, even if it does not apply
  bool decides = false;
  std::vector<domain::Finding> findings;  // of the conditions that hold
};

struct Explanation {
  domain::Decision decision;                // equals Evaluate's, with all tokens counted
  std::vector<PolicyExplanation> policies;  // all policies, in deciding order
};

// Evaluates every policy without the index: slow, and the oracle of Evaluate's tests. Errors are
// those of Evaluate, including the text engine's even if no policy reads text.
absl::StatusOr<Explanation> Explain(const Snapshot& snapshot, const Query& query);

}  // namespace countersign::policy::rules
