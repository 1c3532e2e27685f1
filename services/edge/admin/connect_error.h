#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/dialects/caller_error.h"

// Errors for callers of admin and review RPCs, in the form of the Connect protocol:
// {"code": "not_found", "message": …, "details": [google.rpc.ErrorInfo with the reason,
// google.rpc.BadRequest with the fields]}.
namespace countersign::edge::admin {

// The body of an error with which the edge itself refuses an RPC; it has no details.
std::string ConnectErrorBody(const dialects::CallerError& error);

// The status of an owning service. REQUIRES: `status` is not OK.
std::string ErrorToJson(const absl::Status& status);

// The last message of a stream: {} or {"error": …}.
std::string ConnectEndOfStream(const absl::Status& status);

// The status for a refusal of the edge, with its code as the reason.
absl::Status ToStatus(const dialects::CallerError& error);

}  // namespace countersign::edge::admin
