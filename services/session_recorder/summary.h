#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/domain/event_payload.h"
#include "services/session_recorder/session_record.h"

namespace countersign::session_recorder {

// Takes what an event (or a request that has just come) says about its session into `summary`. The
// recorder does so while it writes, the verifier once more while it reads: both must come to the
// same. INVALID_ARGUMENT when a payload that matters is malformed; `summary` is then unchanged.
void Summarize(const domain::RequestRecord& request, SessionSummary& summary);
// False for events of which the summary says nothing: Summarize has nothing to read in them.
bool IsSummarized(absl::string_view type);
absl::Status Summarize(absl::string_view type, absl::string_view payload, SessionSummary& summary);

}  // namespace countersign::session_recorder
