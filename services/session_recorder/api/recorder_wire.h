#pragma once

#include "absl/status/statusor.h"
#include "countersign/recorder/v1/recorder.pb.h"
#include "services/session_recorder/audit/session_reader.h"
#include "services/session_recorder/live/live_sessions.h"

// Converts between the recorder's messages and its values, and validates all input.
namespace countersign::session_recorder::api {

domain::SessionStart FromProto(const recorder::v1::SessionStart& proto);
std::vector<domain::SessionEvent> EventsFromProto(const recorder::v1::RecordRequest& proto);
// INVALID_ARGUMENT for an unknown outcome.
absl::StatusOr<domain::SessionEnd> FromProto(const recorder::v1::SessionEnd& proto);
absl::StatusOr<audit::SessionReader::Query> FromProto(
    const recorder::v1::ListSessionsRequest& proto);

recorder::v1::Session ToProto(const SessionRow& row);
recorder::v1::ListSessionsResponse ToProto(const audit::SessionReader::Page& page);
recorder::v1::GetSessionResponse ToProto(const audit::SessionReader::Detail& detail);

}  // namespace countersign::session_recorder::api
