#pragma once

#include "libs/async/pending_reply.h"
#include "services/edge/call/call_context.h"

namespace countersign::edge::call {

// Runs one inference call from its head to the last byte of its answer: steps 2 to 11 of
// services/README.md. Always answers the caller, unless the caller has left.
async::Awaitable<void> RunCall(const CallContext& context);

}  // namespace countersign::edge::call
