#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/dialects/dialect.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/message_source.h"
#include "services/edge/grpc_calls/rpc_reply.h"

namespace countersign::edge::governed_rpc {

// Answers an RPC of which each message is a call of its own (dialects::RpcRequest::kEachMessage):
// up to `kMostCalls` run at once, with a session and an upstream stream each, and their answers
// share the caller's stream. A call that fails is reported by a message of the dialect; the others
// go on. What would refuse every call (credential, connection, method, deadline) ends the RPC.
inline constexpr std::size_t kMostCalls = 16;

// Returns the status to end the RPC with.
async::Awaitable<absl::Status> ServeEachMessage(const call::CallContext& context,
                                                const dialects::Dialect& dialect,
                                                grpc_calls::MessageSource& source,
                                                grpc_calls::RpcReply& reply, absl::Time deadline);

}  // namespace countersign::edge::governed_rpc
