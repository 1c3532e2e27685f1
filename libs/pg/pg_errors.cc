#include "libs/pg/pg_errors.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::pg {

absl::Status BrokenConnection(Phase phase, absl::string_view message) {
  if (phase == Phase::kCommit) {
    return WithReason(absl::UnknownError(absl::StrCat("commit of unknown outcome: ", message)),
                      "commit_unknown");
  }
  return WithReason(absl::UnavailableError(absl::StrCat("database unavailable: ", message)),
                    "database_unavailable");
}

namespace {
constexpr absl::string_view kConflictReason = "database_conflict";
}  // namespace

absl::Status Conflict(absl::string_view message) {
  return WithReason(absl::AbortedError(message), kConflictReason);
}

bool IsConflict(const absl::Status& status) {
  return absl::IsAborted(status) && GetReason(status) == kConflictReason;
}

absl::Status FromSqlState(Phase phase, absl::string_view state, const std::string& message) {
  if (absl::StartsWith(state, "57P") || absl::StartsWith(state, "08") ||
      absl::StartsWith(state, "53")) {
    return BrokenConnection(phase, message);  // shutting down, connection lost, out of resources
  }
  if (state == "57014") return absl::DeadlineExceededError(message);
  if (state == "40P01" || state == "40001") return Conflict(message);
  if (state == "55P03" || absl::StartsWith(state, "40")) return absl::AbortedError(message);
  if (state == "23505") return absl::AlreadyExistsError(message);
  if (absl::StartsWith(state, "23")) return absl::FailedPreconditionError(message);
  return absl::InternalError(absl::StrCat(message, " (SQLSTATE ", state, ")"));
}

std::string FirstLine(absl::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  constexpr absl::string_view kPrefix = "ERROR:  ";
  if (absl::StartsWith(line, kPrefix)) line.erase(0, kPrefix.size());
  return line;
}

}  // namespace countersign::pg
