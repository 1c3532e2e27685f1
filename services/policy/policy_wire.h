#pragma once

#include "countersign/policy/v1/policy.pb.h"
#include "libs/domain/decision.h"

namespace countersign::policy {

v1::DecideResponse ToProto(const domain::Decision& decision);

}  // namespace countersign::policy
