#include "services/edge/call/request/router.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/glob.h"
#include "libs/base/status.h"

namespace countersign::edge::call::request {
namespace {

using domain::Connection;

bool IsApiPath(absl::string_view path) { return path == "/v1" || absl::StartsWith(path, "/v1/"); }

absl::string_view WithoutPort(absl::string_view host) {
  if (absl::StartsWith(host, "[")) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool HostMatches(const Connection& connection, absl::string_view host) {
  return std::any_of(connection.hosts.begin(), connection.hosts.end(),
                     [&](const std::string& wanted) {
                       return absl::EqualsIgnoreCase(wanted, host) ||
                              absl::EqualsIgnoreCase(wanted, WithoutPort(host));
                     });
}

// The path below the connection's prefix; empty when the connection does not match.
std::string MatchedPath(const Connection& connection, absl::string_view host,
                        absl::string_view path) {
  if (connection.hosts.empty() && connection.path_prefix.empty()) return "";
  if (!connection.hosts.empty() && !HostMatches(connection, host)) return "";
  absl::string_view prefix = connection.path_prefix;
  while (absl::ConsumeSuffix(&prefix, "/")) {
  }
  if (!absl::ConsumePrefix(&path, prefix)) return "";
  return IsApiPath(path) ? std::string(path) : "";
}

absl::Status Unknown(absl::string_view reason, absl::string_view message) {
  return WithReason(absl::NotFoundError(message), reason);
}

}  // namespace

absl::StatusOr<Route> FindRoute(std::shared_ptr<const domain::ResourceSet> resources,
                                absl::string_view host, absl::string_view path) {
  if (resources == nullptr)
    return absl::UnavailableError("the gateway has received no resources yet: try again");
  const auto route = [&](const Connection& connection, absl::string_view below) {
    return Route{resources, &connection, std::string(below)};
  };
  const Connection* best = nullptr;
  std::string best_path;
  for (const auto& [name, connection] : resources->connections) {
    std::string below = MatchedPath(connection, host, path);
    // The longest prefix is the most specific; with a host is more specific than without.
    if (below.empty() || (best != nullptr &&
                          std::make_pair(connection.path_prefix.size(), connection.hosts.size()) <=
                              std::make_pair(best->path_prefix.size(), best->hosts.size()))) {
      continue;
    }
    best = &connection;
    best_path = std::move(below);
  }
  const std::size_t slash = path.size() > 1 ? path.find('/', 1) : absl::string_view::npos;
  if (slash != absl::string_view::npos && !IsApiPath(path)) {
    const absl::string_view name = path.substr(1, slash - 1);
    const absl::string_view below = path.substr(slash);
    if (IsApiPath(below)) {
      const auto found = resources->connections.find(std::string(name));
      if (found != resources->connections.end()) return route(found->second, below);
      if (best == nullptr) {
        return Unknown("unknown_connection", absl::StrCat("there is no connection \"", name, "\""));
      }
    }
  }
  if (best != nullptr) return route(*best, best_path);
  if (!IsApiPath(path)) {
    return Unknown("not_found", "unknown path: inference is at /v1/… or /<connection>/v1/…");
  }
  for (const auto& [name, connection] : resources->connections) {
    if (connection.is_default) return route(connection, path);
  }
  return Unknown("unknown_connection", "no connection is the default one: use /<connection>/v1/…");
}

}  // namespace countersign::edge::call::request
