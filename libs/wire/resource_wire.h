#pragma once

#include <cstdint>

#include "countersign/policy/v1/policy.pb.h"
#include "libs/domain/resource_list.h"

namespace countersign::wire {

// What the feed sends to a part: a draft to validate, or, when `draft_id` is 0, a committed version
// to serve. Labels and times stay behind: no part uses them.
policy::v1::WatchResponse ToProto(const domain::ResourceList& list, std::uint64_t draft_id);
domain::ResourceList FromProto(const policy::v1::WatchResponse& proto);

}  // namespace countersign::wire
