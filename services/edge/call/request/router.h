#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/resources.h"

namespace countersign::edge::call::request {

// The connection of a request, in one version of the resources.
struct Route {
  std::shared_ptr<const domain::ResourceSet> resources;  // keeps `connection` alive
  const domain::Connection* connection = nullptr;
  std::string path;  // below the connection: "/v1/…"

  // The connection is then a copy with this schema, which `resources` keeps alive, too.
  void SetSchema(std::shared_ptr<const protobuf_texts::Schema> schema);
};

// Finds the connection of a request: by the first segment of its path (/<connection>/v1/…), else by
// host and path prefix, else the default one for /v1/…. `path` has no query, `host` is the Host
// field.
//
// NOT_FOUND with reason `unknown_connection` when none is configured, `not_found` when the gateway
// does not know the path; UNAVAILABLE before the first resources.
absl::StatusOr<Route> FindRoute(std::shared_ptr<const domain::ResourceSet> resources,
                                absl::string_view host, absl::string_view path);

// The same for a call of gRPC: by the name that it gives (`named`), else by host and path prefix,
// else the default one. The route's path is that of the method: "/package.Service/Method".
absl::StatusOr<Route> FindRpcRoute(std::shared_ptr<const domain::ResourceSet> resources,
                                   absl::string_view named, absl::string_view host,
                                   absl::string_view path);

}  // namespace countersign::edge::call::request
