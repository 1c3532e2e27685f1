#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// The errors of this service that programs may need to distinguish, with their reason codes.
namespace countersign::policy {

absl::Status UnknownConnection(absl::string_view name);  // NOT_FOUND, unknown_connection
absl::Status NotLoaded();                                // UNAVAILABLE, unavailable
absl::Status InvalidResources(const std::vector<std::string>& mistakes);  // INVALID_ARGUMENT

absl::Status NoSuchVersion(std::uint64_t version);  // NOT_FOUND, not_found
absl::Status NoSuchResource(absl::string_view kind, absl::string_view name);  // the same
absl::Status VersionConflict(std::uint64_t expected);  // ABORTED, version_conflict
absl::Status InUse(absl::string_view kind, absl::string_view name,
                   const std::vector<std::string>& users);  // FAILED_PRECONDITION, resource_in_use
absl::Status PartsUnanswered(absl::string_view names);      // UNAVAILABLE, unavailable
absl::Status AdminOnly();                                   // PERMISSION_DENIED, permission_denied
absl::Status ReadersOnly();                                 // the same, for admins and auditors

// `status` with a message that fits into an RPC's trailers: a long list of mistakes is truncated
// and ends with the number of omitted ones.
absl::Status FitForTrailers(absl::Status status);

}  // namespace countersign::policy
