#include "services/cli/gateway_parts.h"

#include <algorithm>
#include <utility>

namespace countersign::cli {

absl::StatusOr<std::vector<PartState>> GetParts(GatewayClient& gateway) {
  const absl::StatusOr<json::Document> answer =
      gateway.Call("policy.v1.ResourceService/ListParts", "{}");
  std::vector<PartState> parts;
  if (!answer.ok()) {
    if (!absl::IsUnavailable(answer.status()) || !gateway.answered()) return answer.status();
    parts.push_back({"edge", "UNKNOWN"});
    parts.push_back({"policy", "AWAY"});
    return parts;
  }
  const std::int64_t current = answer->root()["version"].integer().value_or(0);
  const json::Value items = answer->root()["items"];
  for (std::size_t i = 0; i < items.size(); ++i) {
    PartState part{std::string(items.at(i)["name"].text()),
                   std::string(items.at(i)["state"].text())};
    if (part.state != "AWAY") {
      part.version = items.at(i)["version"].integer().value_or(0);
      part.lag = std::max<std::int64_t>(0, current - part.version);
    }
    part.release = std::string(items.at(i)["release"].text());
    parts.push_back(std::move(part));
  }
  return parts;
}

absl::Status AskRecorder(GatewayClient& gateway) {
  return gateway.Call("recorder.v1.SessionService/ListSessions", R"({"pageSize":1})").status();
}

}  // namespace countersign::cli
