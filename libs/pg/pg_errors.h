#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// The statuses of failed transactions; part of the contract of Pool.
namespace countersign::pg {

// Whether the server may have committed when the failure occurred.
enum class Phase { kBeforeCommit, kCommit };

// The connection broke. Before the commit was sent: UNAVAILABLE `database_unavailable`; after:
// UNKNOWN `commit_unknown`.
absl::Status BrokenConnection(Phase phase, absl::string_view message);

// ABORTED, reason `database_conflict`: the server rolled back the transaction because of another
// one (deadlock, serialization failure).
absl::Status Conflict(absl::string_view message);

// True if a transaction that returned `status` may succeed when it is repeated unchanged.
bool IsConflict(const absl::Status& status);

// The maximum number of attempts for a transaction with conflicts.
inline constexpr int kMaxAttempts = 5;

absl::Status FromSqlState(Phase phase, absl::string_view state, const std::string& message);

// The first line of a message from the server or libpq, without "ERROR:".
std::string FirstLine(absl::string_view text);

}  // namespace countersign::pg
