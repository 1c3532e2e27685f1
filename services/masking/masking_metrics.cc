#include "services/masking/masking_metrics.h"

namespace countersign::masking {

MaskingMetrics::MaskingMetrics(metrics::Registry& registry)
    : masked_entities(registry.Counters("countersign_masked_entities_total",
                                        "Places replaced by masking.", {"entity", "direction"})),
      streams_open(
          registry.Gauges("countersign_masking_streams_open", "Calls being masked.").With({})),
      failures(registry.Counters("countersign_masking_failures_total",
                                 "Masking streams that ended in an error.", {"reason"})) {}

}  // namespace countersign::masking
