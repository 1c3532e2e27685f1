#pragma once

#include "absl/status/statusor.h"
#include "countersign/approval/v1/approval.pb.h"
#include "libs/domain/review_gate.h"
#include "services/approval/reviewers/reviewer_api.h"

// Converts between this service's protobuf messages and its values.
namespace countersign::approval {

// INVALID_ARGUMENT names the field. ReviewStore checks the rules of a review again (CheckNew).
absl::StatusOr<domain::ReviewRequest> FromProto(const v1::JoinRequest& request);

// kUnspecified when the request sets no state; INVALID_ARGUMENT for an unknown number.
absl::StatusOr<domain::ReviewState> StateFromProto(v1::Review::State state);

v1::ReviewStatus ToProto(const domain::ReviewStatus& status);
v1::ConsumeResponse ToProto(const domain::Grant& grant);

// A review as listed. Texts are returned as stored: clients must escape control characters when
// they print them.
v1::Review ToProto(const reviews::Review& review, std::size_t waiting);
v1::ReviewTransition ToProto(const reviewers::ReviewTransition& transition, std::size_t waiting);
// The same with the prompt, for a reviewer who opens the review.
v1::Review ToProto(const reviewers::ReviewWithContent& open, std::size_t waiting);

}  // namespace countersign::approval
