#include "services/edge/grpc_calls/call_status.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/grpc_calls/status_details.h"

namespace countersign::edge::grpc_calls {
namespace {

absl::StatusCode FindCode(int http_status, bool final) {
  switch (http_status) {
    case 400: return absl::StatusCode::kInvalidArgument;
    case 401: return absl::StatusCode::kUnauthenticated;
    case 403: return absl::StatusCode::kPermissionDenied;
    case 404: return absl::StatusCode::kNotFound;
    case 413:
    case 429: return absl::StatusCode::kResourceExhausted;
    case 504: return absl::StatusCode::kDeadlineExceeded;
    default: break;
  }
  if (http_status >= 400 && http_status < 500) return absl::StatusCode::kInvalidArgument;
  return final ? absl::StatusCode::kAborted : absl::StatusCode::kUnavailable;
}

}  // namespace

absl::Status MakeStatus(const dialects::CallerError& error) {
  const absl::StatusCode code = error.code == "review_pending"
                                    ? absl::StatusCode::kFailedPrecondition
                                    : FindCode(error.http_status, error.final);
  absl::Status status = WithReason(absl::Status(code, error.message), error.code);
  return WithRetryAfter(WithReview(std::move(status), error.review_id), error.retry_after);
}

absl::Status MakeDeferredStatus(const std::string& review_id) {
  absl::Status status = absl::FailedPreconditionError(
      absl::StrCat("review ", review_id, " is pending; send the same call again later"));
  return WithReview(WithReason(std::move(status), "review_pending"), review_id);
}

absl::Status MakeUpstreamStatus(const call::ReplyHead& reply, absl::string_view message) {
  const bool final = call::headers::FindHeader(reply.headers, "x-should-retry") == "false" ||
                     reply.status < 400;  // it broke off within its answer
  const absl::string_view shown = message.empty() ? "the model's server reports an error" : message;
  absl::Status status =
      WithReason(absl::Status(FindCode(reply.status, final), shown), "upstream_error");
  std::int64_t seconds = 0;
  if (absl::SimpleAtoi(call::headers::FindHeader(reply.headers, "retry-after"), &seconds)) {
    status = WithRetryAfter(std::move(status), absl::Seconds(seconds));
  }
  return status;
}

}  // namespace countersign::edge::grpc_calls
