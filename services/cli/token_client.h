#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/json/document.h"
#include "services/cli/gateway_client.h"

namespace countersign::cli {

using FormMembers = std::vector<std::pair<std::string, std::string>>;

// Sends `members` to the gateway's token endpoint, without a credential, and returns the answer.
// UNAUTHENTICATED or INVALID_ARGUMENT "REASON: DESCRIPTION" when it refuses; UNAVAILABLE when it
// cannot be reached.
absl::StatusOr<json::Document> RequestToken(const GatewayAddress& address,
                                            const FormMembers& members);

}  // namespace countersign::cli
