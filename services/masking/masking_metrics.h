#pragma once

#include <map>
#include <string>

#include "libs/domain/masker.h"
#include "libs/metrics/metrics.h"

namespace countersign::masking {

// The metrics of this service. `entity` is the name of a detector or a label from the
// configuration.
//   countersign_masked_entities_total{entity,direction}   replaced places
//   countersign_masking_streams_open                      calls being masked
//   countersign_masking_failures_total{reason}            streams that ended in an error
struct MaskingMetrics {
  explicit MaskingMetrics(metrics::Registry& registry);

  metrics::CounterFamily masked_entities;
  metrics::Gauge streams_open;
  metrics::CounterFamily failures;
};

}  // namespace countersign::masking
