#include "services/edge/examine_upstreams.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/http/address.h"

namespace countersign::edge {
namespace {

using State = HealthCheck::State;

constexpr std::size_t kMostUpstreams = 64;

std::string Advise(const absl::Status& status) {
  if (absl::IsPermissionDenied(status)) {
    return "if the upstream is meant to be there, set spec.network.private on the Connection";
  }
  return "check spec.url of the Connection, and that the edge's machine reaches it";
}

}  // namespace

std::vector<HealthCheck> ExamineUpstreams(http_transport::HttpTransport& transport,
                                          const domain::ResourceSet& resources,
                                          absl::Duration timeout) {
  std::vector<HealthCheck> checks;
  std::vector<http::Target> targets;
  for (const auto& [name, connection] : resources.connections) {
    if (targets.size() == kMostUpstreams) break;
    const absl::StatusOr<http::Url> url = http::ParseUpstreamUrl(connection.url);
    if (!url.ok()) continue;  // refused when it was applied
    http::Target target;
    target.origin = url->origin;
    target.allow_private = connection.network_private;
    HealthCheck check;
    check.name = absl::StrCat("upstream ", name);
    check.saw =
        absl::StrCat(url->origin.host, ":", url->origin.port, url->origin.tls ? " over TLS" : "");
    checks.push_back(std::move(check));
    targets.push_back(std::move(target));
  }
  const std::vector<absl::Status> connected = transport.TryConnect(targets, timeout);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (connected[i].ok()) {
      checks[i].state = State::kOk;
      absl::StrAppend(&checks[i].saw, " accepts connections");
      continue;
    }
    absl::StrAppend(&checks[i].saw, ": ", connected[i].message());
    checks[i].advice = Advise(connected[i]);
  }
  if (resources.connections.size() > kMostUpstreams) {
    checks.push_back({"upstreams", State::kWarning,
                      absl::StrCat("only the first ", kMostUpstreams, " were examined"), ""});
  }
  return checks;
}

}  // namespace countersign::edge
