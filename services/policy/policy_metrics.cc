#include "services/policy/policy_metrics.h"

namespace countersign::policy {

PolicyMetrics::PolicyMetrics(metrics::Registry& registry)
    : decisions_(registry.Counters("countersign_decisions_total", "Decisions of policy.",
                                   {"action", "policy"})) {}

void PolicyMetrics::Decided(const domain::Decision& decision) const {
  decisions_.With({domain::ToString(decision.verdict), decision.policy}).Increment();
}

}  // namespace countersign::policy
