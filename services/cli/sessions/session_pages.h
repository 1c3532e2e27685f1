#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/gateway_client.h"

namespace countersign::cli::sessions {

inline constexpr absl::string_view kGetSession = "recorder.v1.SessionService/GetSession";

// Passes every page of a session ({"session", "events", "more"}) to `use`, in order.
absl::Status ForEachPageOfSession(GatewayClient& gateway, const std::string& id,
                                  const std::function<absl::Status(json::Value page)>& use);

// A whole session, as {"session": {…}, "events": […]}.
absl::StatusOr<json::Document> GetWhole(GatewayClient& gateway, const std::string& id);

}  // namespace countersign::cli::sessions
