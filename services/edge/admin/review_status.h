#pragma once

#include <string>

#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"

namespace countersign::edge::admin {

// GET /countersign/reviews/{id}: the state of a review, for its requester, who did not want to wait
// (`Prefer: respond-async`). {"review_id","state","expires_at"}; 404 for other callers.
async::Awaitable<void> ShowReviewStatus(const call::CallContext& context, std::string review_id);

}  // namespace countersign::edge::admin
