#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_reader.h"
#include "services/cli/gateway_client.h"

namespace countersign::cli::simulation {

// The gateway's resources of `kinds`, one file each. Credentials are without their values. Needs
// the role admin or auditor on all connections.
absl::StatusOr<std::vector<config::SourceFile>> GetLiveResources(
    GatewayClient& gateway, const std::vector<std::string>& kinds);

}  // namespace countersign::cli::simulation
