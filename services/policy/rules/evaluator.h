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

// Per decision.
inline constexpr std::size_t kMaxFindings = 64;

// Returns the verdict of `snapshot` on `query`. Any matching deny wins; then the highest priority
// decides, review before allow where priorities are equal, and then the smaller name. The time
// taken grows with what matches, not with the number of policies (rule_index.h).
//
// No match means deny with an empty policy: an empty or half-loaded set closes the gate. Evaluation
// is pure (no I/O, clock or lock), so recorded sessions can be replayed against a newer set, and
// any thread may call it at any time. Findings are those of all policies that match, those of the
// deciding one first. Of a long prompt that is denied only as many tokens are counted as a policy
// that applies asks about (condition_evaluator.h).
//
// NOT_FOUND (reason unknown_connection) when the set has no such connection; any error of the text
// engine is returned as it is. A caller that gets an error does not forward the call.
//
// REQUIRES: authentication has already run.
absl::StatusOr<domain::Decision> Evaluate(const Snapshot& snapshot, const Query& query);

// What one policy contributed.
struct PolicyExplanation {
  const domain::Policy* policy = nullptr;  // into Snapshot::resources
  absl::string_view mismatch;  // the section of `match` that does not fit; empty: it applies
  bool holds = false;          // its conditions hold, whether it applies or not
  bool decides = false;
  std::vector<domain::Finding> findings;  // what made conditions hold
};

struct Explanation {
  domain::Decision decision;                // the one that Evaluate gives, all tokens counted
  std::vector<PolicyExplanation> policies;  // all, in the order in which they decide
};

// Evaluates every policy, without the index: slow, and the oracle that Evaluate is tested against.
// Errors are those of Evaluate, and of the text engine even where no policy reads the text.
absl::StatusOr<Explanation> Explain(const Snapshot& snapshot, const Query& query);

}  // namespace countersign::policy::rules
