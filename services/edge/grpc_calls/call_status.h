#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/caller_error.h"
#include "services/edge/call/caller_connection.h"

// The statuses of calls to models.
namespace countersign::edge::grpc_calls {

// The status for a refusal, with its code as the reason, its review, and when to try again.
// FAILED_PRECONDITION: a review is pending; NOT_FOUND: no such connection or model; UNAVAILABLE:
// the same call may be sent again; ABORTED: not without thought, the prompt may have been sent.
absl::Status MakeStatus(const dialects::CallerError& error);

// The status of a call that was not held.
absl::Status MakeDeferredStatus(const std::string& review_id);

// The status for an error of the model's server: `reply` is its answer, `message` what it says.
absl::Status MakeUpstreamStatus(const call::ReplyHead& reply, absl::string_view message);

}  // namespace countersign::edge::grpc_calls
