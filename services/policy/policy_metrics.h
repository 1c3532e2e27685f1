#pragma once

#include <cstddef>

#include "libs/domain/decision.h"
#include "libs/metrics/metrics.h"

namespace countersign::policy {

// The metrics of this service. Thread-safe. `registry` must outlive it.
class PolicyMetrics {
 public:
  explicit PolicyMetrics(metrics::Registry& registry);

  // countersign_decisions_total{action,policy}: action is allow, deny or review; policy is empty
  // when none matched.
  void Decided(const domain::Decision& decision) const;

  // countersign_outdated_patterns: stored patterns that files may not have any more.
  void FoundOutdatedPatterns(std::size_t number) const;

 private:
  metrics::CounterFamily decisions_;
  metrics::Gauge outdated_patterns_;
};

}  // namespace countersign::policy
