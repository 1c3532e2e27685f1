#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/domain/event_payload.h"
#include "services/session_recorder/session_record.h"

namespace countersign::session_recorder {

// Copies what an event, or a new request, says about its session into `summary`. The recorder does
// this when writing and the verifier when reading; both must get the same result. INVALID_ARGUMENT,
// with `summary` unchanged, when a payload that matters is malformed.
void Summarize(const domain::RequestRecord& request, SessionSummary& summary);
// False for types of events that do not contribute to the summary.
bool IsSummarized(absl::string_view type);
absl::Status Summarize(absl::string_view type, absl::string_view payload, SessionSummary& summary);

}  // namespace countersign::session_recorder
