#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/rpc_protocol.h"
#include "services/edge/grpc_calls/rpc_reply.h"
#include "services/edge/grpc_calls/serve_rpc.h"

// countersign.inference.v1.Inference: prompts with types, through the same pipeline as all others.
namespace countersign::edge::inference {

// Whether `path` is of the service.
bool IsInference(absl::string_view path);

// Answers a call of Generate or Chat; returns the status to end it with. The caller is verified by
// the pipeline, before its message is read.
async::Awaitable<absl::Status> ServeInference(const call::CallContext& context,
                                              const grpc_calls::RpcServices& rpc,
                                              const grpc_calls::RpcProtocol& protocol,
                                              const grpc_calls::RpcHead& head,
                                              grpc_calls::RpcReply& reply);

}  // namespace countersign::edge::inference
