#pragma once

#include <cstdint>

#include "countersign/policy/v1/policy.pb.h"
#include "libs/domain/resource_list.h"

namespace countersign::wire {

// A message of the feed: a draft to validate or, when `draft_id` is 0, a committed version to
// serve. Without labels and times, which the parts do not use.
policy::v1::WatchResponse ToProto(const domain::ResourceList& list, std::uint64_t draft_id);
domain::ResourceList FromProto(const policy::v1::WatchResponse& proto);

}  // namespace countersign::wire
