#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "countersign/policy/v1/policy.pb.h"
#include "services/policy/resources/resource_hub.h"
#include "services/policy/resources/resource_store.h"

// The messages about resources, to and from their values. Everything that a caller sends is checked
// here: what comes out of FromProto is within bounds.
namespace countersign::policy::resources {

inline constexpr std::size_t kMaxFiles = 10'000;
inline constexpr std::size_t kMaxApplyBytes = 64u << 20;  // files and values together

// INVALID_ARGUMENT when there is no file or too much of it.
absl::StatusOr<ApplyCommand> FromProto(const v1::ApplyRequest& request, const std::string& author);
v1::ApplyResponse ToProto(const ApplyOutcome& outcome);
v1::DeleteResourceResponse ToProto(const DeleteOutcome& outcome);
v1::ListPartsResponse ToProto(const PartsReport& report);

// As users see it: a Credential's values are withheld.
v1::Resource ToProto(const domain::Resource& resource);

// One page of `list`: the resources of the request's kind (all kinds when it is empty), or the one
// that it names. INVALID_ARGUMENT for an unknown kind, a name without a kind, or a page token that
// was not given out; NOT_FOUND when the one that is named does not exist.
absl::StatusOr<v1::GetResourcesResponse> ListResources(const domain::ResourceList& list,
                                                       const v1::GetResourcesRequest& request);

}  // namespace countersign::policy::resources
