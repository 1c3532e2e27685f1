#pragma once

#include "libs/server/app.h"
#include "services/edge/admin/connect_gateway.h"
#include "services/edge/edge.h"
#include "services/edge/grpc_calls/rpc_backend_grpc.h"
#include "services/edge/identity/token_backend_grpc.h"

namespace countersign::edge {

// Serves the RPCs of the services that `owners` reach, as JSON and over gRPC, and authn's tokens.
// Call it before the edge starts; what it makes belongs to `app`.
inline void ServeRpcs(Edge& edge, server::App& app, const admin::ConnectGateway::Channels& owners) {
  edge.SetAdminBackend(app.Make<admin::ConnectGateway>(owners));
  edge.SetRpcBackend(app.Make<grpc_calls::GrpcRpcBackend>(owners));
  edge.SetTokenBackend(app.Make<identity::GrpcTokenBackend>(owners.at("authn")));
}

}  // namespace countersign::edge
