#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/message_source.h"
#include "services/edge/grpc_calls/rpc_reply.h"
#include "services/edge/grpc_calls/serve_rpc.h"

// The services that are answered by the edge itself, without a credential.
namespace countersign::edge::grpc_calls {

// Whether `path` is of grpc.health.v1.Health or of server reflection.
bool IsOpenService(absl::string_view path);

// Answers a call of one of them; returns the status to end it with. Check answers at once. Watch
// answers when the state changes, until the caller leaves. Reflection answers one message after the
// other, for a limited time. Both are limited in number: RESOURCE_EXHAUSTED, "overloaded".
async::Awaitable<absl::Status> ServeOpenService(const call::CallContext& context,
                                                const RpcServices& rpc, MessageSource& source,
                                                RpcReply& reply);

}  // namespace countersign::edge::grpc_calls
