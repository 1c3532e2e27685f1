#pragma once

#include "absl/status/statusor.h"
#include "countersign/approval/v1/approval.pb.h"
#include "libs/domain/review_gate.h"
#include "services/approval/reviewers/reviewer_api.h"

// The one border between this service's messages and its values.
namespace countersign::approval {

// INVALID_ARGUMENT names the field. The store checks again what must hold of a review.
absl::StatusOr<domain::ReviewRequest> FromProto(const v1::JoinRequest& request);

// kUnspecified where nothing was asked for; INVALID_ARGUMENT for a number that is no state.
absl::StatusOr<domain::ReviewState> StateFromProto(v1::Review::State state);

v1::ReviewStatus ToProto(const domain::ReviewStatus& status);
v1::ConsumeResponse ToProto(const domain::Grant& grant);

// What a listing shows of a review; texts are raw, whoever prints them escapes control characters.
v1::Review ToProto(const reviews::Review& review, std::size_t waiting);
// The same with the prompt, for the reviewer who opens it.
v1::Review ToProto(const reviewers::ReviewWithContent& open, std::size_t waiting);

}  // namespace countersign::approval
