#pragma once

#include "absl/time/time.h"
#include "libs/metrics/metrics.h"

namespace countersign::approval {

// What this service measures. Thread-safe.
class ApprovalMetrics {
 public:
  explicit ApprovalMetrics(metrics::Registry& registry);

  void SetPending(double reviews);  // countersign_reviews_pending
  void Decided(absl::Duration after,
               bool approved);  // countersign_review_decision_seconds{decision}

 private:
  metrics::Gauge pending_;
  metrics::Histogram approved_seconds_;
  metrics::Histogram denied_seconds_;
};

}  // namespace countersign::approval
