#pragma once

#include "absl/status/statusor.h"
#include "countersign/approval/v1/approval.pb.h"
#include "countersign/masking/v1/masking.pb.h"
#include "countersign/policy/v1/policy.pb.h"
#include "libs/domain/decision.h"
#include "libs/domain/masker.h"
#include "libs/domain/review_gate.h"

// Converts enums between protobuf and domain. An unknown number, which a newer or hostile peer may
// send, never allows anything: it becomes the domain's closed choice, or is refused if there is
// none.
namespace countersign::wire {

policy::v1::Verdict ToProto(domain::Verdict verdict);
domain::Verdict FromProto(policy::v1::Verdict proto);  // unknown: kDeny

policy::v1::Recording ToProto(domain::Recording recording);
domain::Recording FromProto(policy::v1::Recording proto);  // unknown: kStrict

approval::v1::Review::State ToProto(domain::ReviewState state);
domain::ReviewState FromProto(approval::v1::Review::State proto);  // unknown: kUnspecified

masking::v1::Direction ToProto(domain::Direction direction);
// INVALID_ARGUMENT for other values than the two directions.
absl::StatusOr<domain::Direction> FromProto(masking::v1::Direction proto);

}  // namespace countersign::wire
