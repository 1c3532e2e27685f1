#include "services/cli/simulation/live_resources.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"

namespace countersign::cli::simulation {

absl::StatusOr<std::vector<config::SourceFile>> GetLiveResources(
    GatewayClient& gateway, const std::vector<std::string>& kinds) {
  std::vector<config::SourceFile> files;
  for (const std::string& kind : kinds) {
    json::Writer request;
    request.BeginObject().Key("kind").String(kind).EndObject();
    CS_ASSIGN_OR_RETURN(
        const json::Document answer,
        ListAll(gateway, "policy.v1.ResourceService/GetResources", request.str(), 0));
    const json::Value items = answer.root()["items"];
    for (std::size_t i = 0; i < items.size(); ++i) {
      files.push_back({absl::StrCat("the gateway's ", kind), ToResourceDocument(items.at(i))});
    }
  }
  return files;
}

}  // namespace countersign::cli::simulation
