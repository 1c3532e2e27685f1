#pragma once

#include "services/edge/call/call_context.h"
#include "services/edge/call/refusal.h"
#include "services/edge/call/request/router.h"
#include "services/edge/call/request/verified_caller.h"

namespace countersign::edge::call::reflection {

// `route` with the schema of its connection, if that has a gRPC service and no descriptors: from
// the cache, else from the upstream's reflection (v1, then v1alpha), asked with the connection's
// credential within 10 seconds. Nothing of the caller goes upstream. Other routes are returned as
// they are.
//
// Refused when the caller may not call the connection, and when the reflection cannot be read.
async::Awaitable<Step<request::Route>> AddSchema(const CallContext& context,
                                                 const request::VerifiedCaller& caller,
                                                 request::Route route);

}  // namespace countersign::edge::call::reflection
