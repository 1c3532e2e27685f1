#include "services/edge/grpc_calls/status_details.h"

#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::edge::grpc_calls {
namespace {

// These payloads do not leave the process.
constexpr char kReview[] = "countersign.edge/review_id";
constexpr char kRetry[] = "countersign.edge/retry_after_ms";

}  // namespace

absl::Status WithReview(absl::Status status, absl::string_view review_id) {
  if (!review_id.empty()) status.SetPayload(kReview, absl::Cord(review_id));
  return status;
}

std::string GetReview(const absl::Status& status) {
  const auto payload = status.GetPayload(kReview);
  return payload ? std::string(*payload) : "";
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration delay) {
  if (delay > absl::ZeroDuration()) {
    status.SetPayload(kRetry, absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(delay))));
  }
  return status;
}

absl::Duration GetRetryAfter(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetry);
  std::int64_t milliseconds = 0;
  if (payload && absl::SimpleAtoi(std::string(*payload), &milliseconds)) {
    return absl::Milliseconds(milliseconds);
  }
  const bool passes = absl::IsUnavailable(status) || GetReason(status) == "overloaded";
  return passes ? absl::Seconds(1) : absl::ZeroDuration();
}

}  // namespace countersign::edge::grpc_calls
