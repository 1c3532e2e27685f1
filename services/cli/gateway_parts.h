#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/gateway_client.h"

namespace countersign::cli {

struct PartState {
  std::string name;
  std::string state;          // SERVING, LAGGING, AWAY; UNKNOWN where nobody could say
  std::int64_t version = -1;  // of the resources that it serves; -1: none
  std::int64_t lag = -1;      // in versions
  std::string release = {};   // of its program; empty: unknown
};

// The parts that serve resources. When policy is away, the edge says so. PERMISSION_DENIED without
// the role admin.
absl::StatusOr<std::vector<PartState>> GetParts(GatewayClient& gateway);

// Whether the recorder answers. It serves no resources, so it is asked for a list of sessions.
// PERMISSION_DENIED without the role auditor: then the edge refused, and its state is unknown.
absl::Status AskRecorder(GatewayClient& gateway);

}  // namespace countersign::cli
