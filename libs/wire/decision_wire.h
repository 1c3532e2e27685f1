#pragma once

#include "absl/status/statusor.h"
#include "countersign/policy/v1/policy.pb.h"
#include "libs/domain/decision.h"

namespace countersign::wire {

// Numbers beyond the wire's 32 bits are sent as the largest value.
policy::v1::DecideResponse ToProto(const domain::Decision& decision);

// INVALID_ARGUMENT for a review without valid terms and for findings with a reversed span. An
// unknown verdict is a deny.
absl::StatusOr<domain::Decision> FromProto(const policy::v1::DecideResponse& proto);

}  // namespace countersign::wire
