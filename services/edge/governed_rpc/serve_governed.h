#pragma once

#include "absl/status/status.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/rpc_protocol.h"
#include "services/edge/grpc_calls/rpc_reply.h"
#include "services/edge/grpc_calls/serve_rpc.h"

// Calls of gRPC to models: of the methods of a connection's dialect, through the same pipeline as
// all others.
namespace countersign::edge::governed_rpc {

// Answers one RPC; returns the status to end it with. The caller is verified by the pipeline,
// before its messages are read.
async::Awaitable<absl::Status> ServeGoverned(const call::CallContext& context,
                                             const grpc_calls::RpcServices& rpc,
                                             const grpc_calls::RpcProtocol& protocol,
                                             const grpc_calls::RpcHead& head,
                                             grpc_calls::RpcReply& reply);

}  // namespace countersign::edge::governed_rpc
