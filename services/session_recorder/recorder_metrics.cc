#include "services/session_recorder/recorder_metrics.h"

namespace countersign::session_recorder {

RecorderMetrics DeclareMetrics(metrics::Registry& registry) {
  RecorderMetrics out;
  out.commit_seconds = registry
                           .Histograms("countersign_recorder_commit_seconds",
                                       "Duration of one group commit of the session recorder")
                           .With({});
  out.lag_seconds = registry
                        .Gauges("countersign_recorder_lag_seconds",
                                "How long the oldest event has been waiting to be durable")
                        .With({});
  out.sessions_open =
      registry.Gauges("countersign_sessions_open", "Sessions that have a writer now").With({});
  out.commit_failures = registry
                            .Counters("countersign_recorder_commit_failures_total",
                                      "Group commits that failed or whose outcome is unknown")
                            .With({});
  out.checkpoints =
      registry.Counters("countersign_recorder_checkpoints_total", "Signed checkpoints").With({});
  out.checkpoint_failures = registry
                                .Counters("countersign_recorder_checkpoint_failures_total",
                                          "Checkpoints that could not be made")
                                .With({});
  out.sessions_truncated = registry
                               .Counters("countersign_recorder_sessions_truncated_total",
                                         "Sessions closed because their writer vanished")
                               .With({});
  return out;
}

}  // namespace countersign::session_recorder
