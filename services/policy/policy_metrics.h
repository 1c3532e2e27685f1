#pragma once

#include "libs/domain/decision.h"
#include "libs/metrics/metrics.h"

namespace countersign::policy {

// What this service measures. Thread-safe. `registry` outlives it.
class PolicyMetrics {
 public:
  explicit PolicyMetrics(metrics::Registry& registry);

  // countersign_decisions_total{action,policy}: action is allow, deny or review; policy is empty
  // where none matched.
  void Decided(const domain::Decision& decision) const;

 private:
  metrics::CounterFamily decisions_;
};

}  // namespace countersign::policy
