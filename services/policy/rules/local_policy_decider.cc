#include "services/policy/rules/local_policy_decider.h"

#include <memory>
#include <utility>

#include "libs/base/status.h"
#include "libs/domain/answer_on.h"
#include "services/policy/policy_errors.h"
#include "services/policy/rules/evaluator.h"

namespace countersign::policy::rules {
namespace {

bool IsLarge(const domain::Prompt& prompt) {
  std::size_t bytes = 0;
  for (const domain::TextPart& part : prompt.parts) bytes += part.text.size();
  return bytes > LocalPolicyDecider::kInlineBytes;
}

}  // namespace

LocalPolicyDecider::LocalPolicyDecider(const SnapshotHolder& snapshots, ThreadPool& pool,
                                       const Clock& clock, Observer observer)
    : snapshots_(snapshots), pool_(pool), clock_(clock), observer_(std::move(observer)) {}

absl::StatusOr<domain::Decision> LocalPolicyDecider::DecideNow(
    const domain::Principal& principal, const domain::DecisionRequest& request) const {
  const std::shared_ptr<const Snapshot> snapshot = snapshots_.Current();
  if (snapshot == nullptr) {
    return NotLoaded();
  }
  CS_ASSIGN_OR_RETURN(domain::Decision decision,
                      Evaluate(*snapshot, Query{principal, request.connection, *request.prompt}));
  if (observer_ && request.verdict_before != decision.verdict) observer_(decision);
  return decision;
}

void LocalPolicyDecider::Decide(const domain::Call& call, domain::DecisionRequest request,
                                absl::Time deadline, domain::Done<domain::Decision> done) {
  if (!IsLarge(*request.prompt)) {
    done(DecideNow(*call.principal, request));
    return;
  }
  domain::AnswerOn<domain::Decision>(
      pool_, std::move(done),
      [this, principal = call.principal, request = std::move(request),
       deadline]() -> absl::StatusOr<domain::Decision> {
        if (clock_.Now() >= deadline) {
          return absl::DeadlineExceededError("the decision waited past the call's deadline");
        }
        return DecideNow(*principal, request);
      },
      absl::ResourceExhaustedError("too many large prompts wait for a decision"));
}

}  // namespace countersign::policy::rules
