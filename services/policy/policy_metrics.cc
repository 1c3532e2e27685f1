#include "services/policy/policy_metrics.h"

namespace countersign::policy {

PolicyMetrics::PolicyMetrics(metrics::Registry& registry)
    : decisions_(registry.Counters("countersign_decisions_total", "Decisions of policy.",
                                   {"action", "policy"})),
      outdated_patterns_(registry
                             .Gauges("countersign_outdated_patterns",
                                     "Stored patterns with word edges that are refused in files.")
                             .With({})) {}

void PolicyMetrics::Decided(const domain::Decision& decision) const {
  decisions_.With({domain::ToString(decision.verdict), decision.policy}).Increment();
}

void PolicyMetrics::FoundOutdatedPatterns(std::size_t number) const {
  outdated_patterns_.Set(static_cast<double>(number));
}

}  // namespace countersign::policy
