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

// OpenAI's API, and KServe's.
bool IsApiPath(absl::string_view path) {
  for (const absl::string_view root : {"/v1", "/v2"}) {
    absl::string_view below = path;
    if (absl::ConsumePrefix(&below, root) && (below.empty() || below.front() == '/')) return true;
  }
  return false;
}

// "/package.Service/Method"
bool IsMethodPath(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash != absl::string_view::npos && slash > 1 && path.find('/', 1) == slash &&
         slash + 1 < path.size();
}

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
                        absl::string_view path, bool (*is_path)(absl::string_view)) {
  if (connection.hosts.empty() && connection.path_prefix.empty()) return "";
  if (!connection.hosts.empty() && !HostMatches(connection, host)) return "";
  absl::string_view prefix = connection.path_prefix;
  while (absl::ConsumeSuffix(&prefix, "/")) {
  }
  if (!absl::ConsumePrefix(&path, prefix)) return "";
  return is_path(path) ? std::string(path) : "";
}

// The connection with the most specific match, and the path below it.
struct Match {
  const Connection* connection = nullptr;
  std::string path;
};
Match FindMatch(const domain::ResourceSet& resources, absl::string_view host,
                absl::string_view path, bool (*is_path)(absl::string_view)) {
  Match best;
  for (const auto& [name, connection] : resources.connections) {
    std::string below = MatchedPath(connection, host, path, is_path);
    // The longest prefix is the most specific; with a host is more specific than without.
    if (below.empty() ||
        (best.connection != nullptr &&
         std::make_pair(connection.path_prefix.size(), connection.hosts.size()) <=
             std::make_pair(best.connection->path_prefix.size(), best.connection->hosts.size()))) {
      continue;
    }
    best = {&connection, std::move(below)};
  }
  return best;
}

const Connection* FindDefault(const domain::ResourceSet& resources) {
  for (const auto& [name, connection] : resources.connections) {
    if (connection.is_default) return &connection;
  }
  return nullptr;
}

absl::Status NoResources() {
  return absl::UnavailableError("the gateway has received no resources yet: try again");
}

absl::Status Unknown(absl::string_view reason, absl::string_view message) {
  return WithReason(absl::NotFoundError(message), reason);
}

}  // namespace

void Route::SetSchema(std::shared_ptr<const protobuf_texts::Schema> schema) {
  struct Kept {
    std::shared_ptr<const domain::ResourceSet> resources;
    Connection connection;
  };
  const auto kept = std::make_shared<Kept>(Kept{std::move(resources), *connection});
  kept->connection.schema = std::move(schema);
  resources = std::shared_ptr<const domain::ResourceSet>(kept, kept->resources.get());
  connection = &kept->connection;
}

absl::StatusOr<Route> FindRoute(std::shared_ptr<const domain::ResourceSet> resources,
                                absl::string_view host, absl::string_view path) {
  if (resources == nullptr) return NoResources();
  const auto route = [&](const Connection& connection, absl::string_view below) {
    return Route{resources, &connection, std::string(below)};
  };
  const Match best = FindMatch(*resources, host, path, IsApiPath);
  const std::size_t slash = path.size() > 1 ? path.find('/', 1) : absl::string_view::npos;
  if (slash != absl::string_view::npos && !IsApiPath(path)) {
    const absl::string_view name = path.substr(1, slash - 1);
    const absl::string_view below = path.substr(slash);
    if (IsApiPath(below)) {
      const auto found = resources->connections.find(std::string(name));
      if (found != resources->connections.end()) return route(found->second, below);
      if (best.connection == nullptr) {
        return Unknown("unknown_connection", absl::StrCat("there is no connection \"", name, "\""));
      }
    }
  }
  if (best.connection != nullptr) return route(*best.connection, best.path);
  if (!IsApiPath(path)) {
    return Unknown("not_found", "unknown path: inference is at /v1/… or /<connection>/v1/…");
  }
  if (const Connection* connection = FindDefault(*resources)) return route(*connection, path);
  return Unknown("unknown_connection", "no connection is the default one: use /<connection>/v1/…");
}

absl::StatusOr<Route> FindRpcRoute(std::shared_ptr<const domain::ResourceSet> resources,
                                   absl::string_view named, absl::string_view host,
                                   absl::string_view path) {
  if (resources == nullptr) return NoResources();
  if (!named.empty()) {
    const auto found = resources->connections.find(std::string(named));
    if (found != resources->connections.end()) {
      return Route{resources, &found->second, std::string(path)};
    }
    return Unknown("unknown_connection", absl::StrCat("there is no connection \"", named, "\""));
  }
  Match match = FindMatch(*resources, host, path, IsMethodPath);
  if (match.connection == nullptr) match = {FindDefault(*resources), std::string(path)};
  if (match.connection != nullptr) return Route{resources, match.connection, std::move(match.path)};
  return Unknown("unknown_connection",
                 "no connection is the default one: name one in countersign-connection");
}

}  // namespace countersign::edge::call::request
