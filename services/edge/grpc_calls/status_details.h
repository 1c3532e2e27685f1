#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// What the status of an RPC says beside code, message and reason.
namespace countersign::edge::grpc_calls {

// `status` with the review concerned: `review_id` in the metadata of its google.rpc.ErrorInfo.
absl::Status WithReview(absl::Status status, absl::string_view review_id);
std::string GetReview(const absl::Status& status);  // "" if there is none

// `status` with the time after which to try again: its google.rpc.RetryInfo.
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);
// Zero if there is none. Without one, a second where the cause passes: UNAVAILABLE, or overloaded.
absl::Duration GetRetryAfter(const absl::Status& status);

}  // namespace countersign::edge::grpc_calls
