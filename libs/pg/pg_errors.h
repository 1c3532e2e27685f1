#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// What went wrong with a transaction, as statuses; the mapping is part of Pool's contract.
namespace countersign::pg {

// Whether the server can have committed when something went wrong.
enum class Phase { kBeforeCommit, kCommit };

// The connection is gone. UNAVAILABLE, reason `database_unavailable`, before the commit was sent;
// UNKNOWN, reason `commit_unknown`, after.
absl::Status BrokenConnection(Phase phase, absl::string_view message);

absl::Status FromSqlState(Phase phase, absl::string_view state, const std::string& message);

// The first line of what the server or libpq says, without its "ERROR:".
std::string FirstLine(absl::string_view text);

}  // namespace countersign::pg
