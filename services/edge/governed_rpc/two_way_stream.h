#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"
#include "services/edge/grpc_calls/message_source.h"
#include "services/edge/grpc_calls/rpc_reply.h"

namespace countersign::edge::governed_rpc {

// Answers an RPC in which both sides stream (dialects::RpcRequest::kTwoWay). Each message of the
// caller is a call of its own, with a session, a decision and perhaps a review, and is read when
// the one before it was sent. All go to one stream of the upstream, whose answer is that of the
// first call: masked as one, in the first session. It goes on while later messages are held.
//
// A message that is refused ends the stream with its status, as does the end of the answer.
// Returns the status to end the RPC with.
async::Awaitable<absl::Status> ServeTwoWay(const call::CallContext& context,
                                           grpc_calls::MessageSource& source,
                                           grpc_calls::RpcReply& reply, absl::Time deadline);

}  // namespace countersign::edge::governed_rpc
