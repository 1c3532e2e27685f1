#include "services/approval/approval_metrics.h"

namespace countersign::approval {

ApprovalMetrics::ApprovalMetrics(metrics::Registry& registry) {
  pending_ =
      registry.Gauges("countersign_reviews_pending", "Reviews that wait for people.").With({});
  const auto decisions = registry.Histograms(
      "countersign_review_decision_seconds", "From opening a review to the vote that decided it.",
      {"decision"}, {1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 14400, 86400});
  approved_seconds_ = decisions.With({"approved"});
  denied_seconds_ = decisions.With({"denied"});
}

void ApprovalMetrics::SetPending(double reviews) { pending_.Set(reviews); }

void ApprovalMetrics::Decided(absl::Duration after, bool approved) {
  (approved ? approved_seconds_ : denied_seconds_).Observe(absl::ToDoubleSeconds(after));
}

}  // namespace countersign::approval
