#include "services/session_recorder/recorder_errors.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::session_recorder {

absl::Status KilledError() {
  return WithReason(absl::AbortedError("an auditor stopped this session"), "killed");
}
absl::Status LeaseLostError() {
  return WithReason(absl::AbortedError("the recorder has closed this session"), "lease_lost");
}
absl::Status RecordingLostError() {
  return WithReason(absl::AbortedError("events were lost: the session is recorded as aborted"),
                    "recording_lost");
}
absl::Status EndedError() {
  return WithReason(absl::FailedPreconditionError("the session has ended"), "session_ended");
}
absl::Status BusyError() {
  return WithReason(absl::ResourceExhaustedError("the recorder's queue is full: try again"),
                    "recorder_busy");
}
absl::Status SlowError() {
  return WithReason(absl::DeadlineExceededError("the recorder did not confirm the write in time"),
                    "recorder_slow");
}
absl::Status SessionExistsError(absl::string_view id) {
  return WithReason(absl::AlreadyExistsError(absl::StrCat("session ", id, " exists already")),
                    "session_exists");
}
absl::Status SessionUnknownError(absl::string_view id) {
  return WithReason(absl::NotFoundError(absl::StrCat("there is no session ", id)),
                    "session_unknown");
}
absl::Status ExportUnknownError() {
  return WithReason(absl::NotFoundError("the export has ended or timed out: begin it again"),
                    "export_unknown");
}
absl::Status TooManyExportsError() {
  return WithReason(
      absl::ResourceExhaustedError("too many exports are unfinished: try again in a few minutes"),
      "exports_busy");
}
absl::Status AuditorOnlyError() {
  return WithReason(absl::PermissionDeniedError("only an auditor of this connection may do this"),
                    "auditor_only");
}
absl::Status SessionIdError(absl::string_view field) {
  return WithReason(InvalidField(field, "a session's id is a lower-case UUID"),
                    "session_id_invalid");
}

}  // namespace countersign::session_recorder
