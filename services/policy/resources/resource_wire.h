#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "countersign/policy/v1/policy.pb.h"
#include "services/policy/resources/resource_hub.h"
#include "services/policy/resources/resource_store.h"

// Converts between messages and values of resources, and validates everything that a caller sends.
namespace countersign::policy::resources {

inline constexpr std::size_t kMaxFiles = 10'000;
inline constexpr std::size_t kMaxApplyBytes = 64u << 20;  // files and values together

// INVALID_ARGUMENT without files, or with too many bytes.
absl::StatusOr<ApplyCommand> FromProto(const v1::ApplyRequest& request, const std::string& author);
v1::ApplyResponse ToProto(const ApplyOutcome& outcome);
v1::DeleteResourceResponse ToProto(const DeleteOutcome& outcome);
v1::ListPartsResponse ToProto(const PartsReport& report);

// As shown to users: a Credential's values are withheld.
v1::Resource ToProto(const domain::Resource& resource);

// One page of `list`: the resources of the requested kind (all kinds if empty), or the named one.
// INVALID_ARGUMENT for an unknown kind, a name without a kind, or an invalid page token; NOT_FOUND
// when the named resource does not exist.
absl::StatusOr<v1::GetResourcesResponse> ListResources(const domain::ResourceList& list,
                                                       const v1::GetResourcesRequest& request);

}  // namespace countersign::policy::resources
