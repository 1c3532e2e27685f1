#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/session_recorder/chain/checkpoint.h"
#include "services/session_recorder/session_record.h"

// The lines of an export: JSON Lines in canonical form, so that every value has exactly one
// spelling (fixed order of members, no white space, lower-case hex, base64url, RFC 3339 UTC with
// nine decimals).
//
//   {"type":"header",…}       who signs, when, and whether every ended session is here
//   {"type":"session",…}      one session: what its events say, its place in the tree, its data key
//   {"type":"event",…}        its events, in order, sealed as they are stored
//   {"type":"checkpoint",…}   all checkpoints and what each covered anew ("all"), or the newest one
//                             ("named", with an audit path in each session line); each with the
//                             head of approval's log, unless an earlier program made it
//   {"type":"log",…}          from where on the following lines are approval's log, and
//   {"type":"review",…}       one line of it; they end with the checkpoint that covers them: the
//                             whole log ("all"), or the parts with the reviews of the sessions
//                             ("named"). Absent if the header says so
//   {"type":"end",…}          number and SHA-256 of all bytes before it, signed
//
// An export discloses the data key of each session, because a principal who may export may read. A
// verifier checks that the chain commits to that key from its first link, opens every payload with
// it, and recomputes the session line from the payloads. Parsers return INVALID_ARGUMENT.
namespace countersign::session_recorder::exports {

struct ExportHeader {
  absl::Time exported_at;
  bool complete = false;                  // scope "all"
  bool has_log = false;                   // approval's log proves the votes
  std::string public_key;                 // signs the last line; keys are 32 raw bytes
  std::vector<std::string> trusted_keys;  // may have signed earlier checkpoints
};

struct ExportedSession {
  SessionRow row;                 // without wrapped key, node and epoch
  std::string data_key;           // 32 raw bytes; empty when it could not be unwrapped
  std::vector<std::string> path;  // audit path to the newest checkpoint's root; "named" only
};

struct ExportedEvent {
  std::string session_id;
  SealedEvent event;
};

struct ExportEnd {
  std::uint64_t lines = 0;  // before this one
  std::string sha256;       // of all bytes before this line, 32 raw bytes
  std::string signature;    // 64 raw bytes, over EndBytes
};
std::string EndBytes(const ExportEnd& end);

std::string HeaderLine(const ExportHeader& header);
std::string LogLine(const domain::ReviewLogHead& start);  // the head before the lines that follow
std::string ReviewLine(const domain::ReviewLogLine& line);
std::string SessionLine(const ExportedSession& session);
std::string EventLine(const std::string& session_id, const SealedEvent& event);
std::string CheckpointLine(const chain::Checkpoint& checkpoint);
std::string EndLine(const ExportEnd& end);

// "header", "session", …; "" when the line has no type.
std::string LineType(absl::string_view line);

absl::StatusOr<ExportHeader> ParseHeader(absl::string_view line);
absl::StatusOr<ExportedSession> ParseSession(absl::string_view line);
absl::StatusOr<ExportedEvent> ParseEvent(absl::string_view line);
// The event of a line that is exactly EventLine of it; nothing for any other line. Takes a fraction
// of the time of ParseEvent and EventLine, which tell what is wrong with a line.
std::optional<ExportedEvent> ScanCanonicalEvent(absl::string_view line);
absl::StatusOr<domain::ReviewLogHead> ParseLog(absl::string_view line);
absl::StatusOr<domain::ReviewLogLine> ParseReview(absl::string_view line);
absl::StatusOr<chain::Checkpoint> ParseCheckpoint(absl::string_view line);
absl::StatusOr<ExportEnd> ParseEnd(absl::string_view line);

// With nanoseconds: 2026-11-22T12:00:00.123456789Z.
std::string ExportTime(absl::Time time);

}  // namespace countersign::session_recorder::exports
