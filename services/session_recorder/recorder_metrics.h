#pragma once

#include "libs/metrics/metrics.h"

namespace countersign::session_recorder {

// The metrics of this service. Default-constructed, they record nothing.
struct RecorderMetrics {
  metrics::Histogram commit_seconds;     // countersign_recorder_commit_seconds
  metrics::Gauge lag_seconds;            // countersign_recorder_lag_seconds
  metrics::Gauge sessions_open;          // countersign_sessions_open
  metrics::Counter commit_failures;      // countersign_recorder_commit_failures_total
  metrics::Counter checkpoints;          // countersign_recorder_checkpoints_total
  metrics::Counter checkpoint_failures;  // countersign_recorder_checkpoint_failures_total
  metrics::Counter sessions_truncated;   // countersign_recorder_sessions_truncated_total
};

RecorderMetrics DeclareMetrics(metrics::Registry& registry);

}  // namespace countersign::session_recorder
