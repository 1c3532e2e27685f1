#pragma once

#include <cstddef>

#include "libs/async/awaitable.h"
#include "libs/domain/principal.h"
#include "services/edge/admin/admin_backend.h"
#include "services/edge/call/call_context.h"

namespace countersign::edge::admin {

// Handles one admin or review RPC: POST /countersign.<service>.v1.<Service>/<Method>. Verifies the
// caller, passes the request to `backend`, and sends its reply; errors have the form of the Connect
// protocol. Without a backend all methods are 404. `timeout` limits the backend.
async::Awaitable<void> ForwardAdmin(const call::CallContext& context, AdminBackend* backend,
                                    absl::Duration timeout);

// The largest body or message of `principal`: a mebibyte, unless it has a role that may change
// something.
std::size_t MaxBodyBytes(const domain::Principal& principal);

}  // namespace countersign::edge::admin
