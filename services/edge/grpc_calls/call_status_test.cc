#include "services/edge/grpc_calls/call_status.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/grpc_calls/status_details.h"

namespace countersign::edge::grpc_calls {
namespace {

using absl::StatusCode;
using dialects::MakeCallerError;

TEST_CASE("MakeStatus: every code of the contract", "[grpc_calls]") {
  const std::pair<const char*, StatusCode> kExpected[] = {
      {"invalid_request", StatusCode::kInvalidArgument},
      {"unauthenticated", StatusCode::kUnauthenticated},
      {"permission_denied", StatusCode::kPermissionDenied},
      {"policy_denied", StatusCode::kPermissionDenied},
      {"review_denied", StatusCode::kPermissionDenied},
      {"review_expired", StatusCode::kPermissionDenied},
      {"review_pending", StatusCode::kFailedPrecondition},
      {"killed", StatusCode::kPermissionDenied},
      {"unknown_connection", StatusCode::kNotFound},
      {"model_not_found", StatusCode::kNotFound},
      {"not_found", StatusCode::kNotFound},
      {"payload_too_large", StatusCode::kResourceExhausted},
      {"rate_limited", StatusCode::kResourceExhausted},
      {"too_many_reviews", StatusCode::kResourceExhausted},
      {"upstream_error", StatusCode::kUnavailable},
      {"upstream_unreachable", StatusCode::kUnavailable},
      {"unavailable", StatusCode::kUnavailable},
      {"upstream_timeout", StatusCode::kDeadlineExceeded},
  };
  for (const auto& [code, expected] : kExpected) {
    INFO(code);
    const absl::Status status = MakeStatus(MakeCallerError(code, "why"));
    CHECK(status.code() == expected);
    CHECK(status.message() == "why");
    CHECK(GetReason(status) == code);
  }
}

TEST_CASE("MakeStatus: what may have been sent is not UNAVAILABLE, which clients retry",
          "[grpc_calls]") {
  dialects::CallerError error = MakeCallerError("upstream_error", "why");
  error.final = true;
  CHECK(MakeStatus(error).code() == StatusCode::kAborted);
}

TEST_CASE("MakeStatus: review and time to try again", "[grpc_calls]") {
  dialects::CallerError error = MakeCallerError("review_pending", "why");
  error.review_id = "review-1";
  CHECK(GetReview(MakeStatus(error)) == "review-1");
  CHECK(GetRetryAfter(MakeStatus(error)) == absl::ZeroDuration());
  error = MakeCallerError("unavailable", "why");
  error.retry_after = absl::Seconds(7);
  CHECK(GetReview(MakeStatus(error)).empty());
  CHECK(GetRetryAfter(MakeStatus(error)) == absl::Seconds(7));
  CHECK(GetRetryAfter(absl::UnavailableError("")) == absl::Seconds(1));
}

TEST_CASE("MakeUpstreamStatus: by the status of the model's server", "[grpc_calls]") {
  const auto code_for = [](int status) { return MakeUpstreamStatus({status, {}}, "").code(); };
  CHECK(code_for(400) == StatusCode::kInvalidArgument);
  CHECK(code_for(422) == StatusCode::kInvalidArgument);
  CHECK(code_for(404) == StatusCode::kNotFound);
  CHECK(code_for(429) == StatusCode::kResourceExhausted);
  CHECK(code_for(500) == StatusCode::kUnavailable);
  CHECK(code_for(200) == StatusCode::kAborted);  // within an answer that had begun
  const absl::Status status = MakeUpstreamStatus(
      {500, {{"retry-after", "3"}, {"x-should-retry", "false"}}}, "out of memory");
  CHECK(status.code() == StatusCode::kAborted);
  CHECK(status.message() == "out of memory");
  CHECK(GetReason(status) == "upstream_error");
  CHECK(GetRetryAfter(status) == absl::Seconds(3));
}

}  // namespace
}  // namespace countersign::edge::grpc_calls
