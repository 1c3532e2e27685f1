#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "countersign/policy/v1/policy.pb.h"
#include "libs/base/health_check.h"
#include "libs/domain/resource_list.h"

namespace countersign::wire {

// A message of the feed: a draft to validate or, when `draft_id` is 0, a committed version to
// serve. Without labels and times, which the parts do not use.
policy::v1::WatchResponse ToProto(const domain::ResourceList& list, std::uint64_t draft_id);
domain::ResourceList FromProto(const policy::v1::WatchResponse& proto);

// What `part` saw. A result that is not known is a failure.
policy::v1::HealthCheck ToProto(const HealthCheck& check, absl::string_view part);
HealthCheck FromProto(const policy::v1::HealthCheck& proto);

}  // namespace countersign::wire
