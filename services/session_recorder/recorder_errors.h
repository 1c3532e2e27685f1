#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// The refusals of recording, with their status and reason codes.
namespace countersign::session_recorder {

absl::Status KilledError();                                   // ABORTED, killed
absl::Status LeaseLostError();                                // ABORTED, lease_lost
absl::Status RecordingLostError();                            // ABORTED, recording_lost
absl::Status EndedError();                                    // FAILED_PRECONDITION, session_ended
absl::Status BusyError();                                     // RESOURCE_EXHAUSTED, recorder_busy
absl::Status SlowError();                                     // DEADLINE_EXCEEDED, recorder_slow
absl::Status SessionExistsError(absl::string_view id);        // ALREADY_EXISTS, session_exists
absl::Status SessionUnknownError(absl::string_view id);       // NOT_FOUND, session_unknown
absl::Status ExportUnknownError();                            // NOT_FOUND, export_unknown
absl::Status TooManyExportsError();                           // RESOURCE_EXHAUSTED, exports_busy
absl::Status AuditorOnlyError();                              // PERMISSION_DENIED, auditor_only
absl::Status SessionIdError(absl::string_view field = "id");  // INVALID_ARGUMENT

}  // namespace countersign::session_recorder
