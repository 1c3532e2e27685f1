#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/rpc_protocol.h"
#include "services/edge/grpc_calls/rpc_reply.h"
#include "services/edge/grpc_calls/serve_rpc.h"

// envoy.service.ext_proc.v3.ExternalProcessor: calls that a proxy holds while the gateway decides,
// and whose answers it lets through as the gateway says. Through the same pipeline as all others.
namespace countersign::edge::ext_proc {

// Whether `path` is of the service.
bool IsExtProc(absl::string_view path);

// Answers one stream of Process, which is one HTTP request; returns the status to end it with. Only
// OK lets the proxy go on, so everything else that ends a call early is an error.
//
// The stream's metadata has the proxy's own credential, whose identity needs the role `proxy` on
// the call's connection; `countersign-connection` names the connection, and `countersign-hold` says
// how long the filter can wait ("250s"). The caller's credential is in its request.
async::Awaitable<absl::Status> ServeExtProc(const call::CallContext& context,
                                            const grpc_calls::RpcServices& rpc,
                                            const grpc_calls::RpcProtocol& protocol,
                                            const grpc_calls::RpcHead& head,
                                            grpc_calls::RpcReply& reply);

}  // namespace countersign::edge::ext_proc
