#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/session_recorder/session_record.h"

namespace countersign::session_recorder {

// Takes what an event says about its session into `summary`. The recorder does so while it writes,
// the verifier once more while it reads: both must come to the same. INVALID_ARGUMENT when a
// payload that matters is malformed; `summary` is then unchanged.
absl::Status Summarize(absl::string_view type, absl::string_view payload, SessionSummary& summary);

}  // namespace countersign::session_recorder
