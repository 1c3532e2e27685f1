#pragma once

#include "libs/async/awaitable.h"
#include "services/edge/admin/admin_backend.h"
#include "services/edge/call/call_context.h"

namespace countersign::edge::admin {

// One admin or review RPC: POST /countersign.<service>.v1.<Service>/<Method>. Verifies the caller,
// hands the request to `backend` and its answer back; errors have the shape of the Connect
// protocol. Without a backend there are no such methods (404). `timeout` is the backend's.
async::Awaitable<void> ForwardAdmin(const call::CallContext& context, AdminBackend* backend,
                                    absl::Duration timeout);

}  // namespace countersign::edge::admin
