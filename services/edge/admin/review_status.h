#pragma once

#include <string>

#include "libs/async/awaitable.h"
#include "services/edge/call/call_context.h"

namespace countersign::edge::admin {

// GET /countersign/reviews/{id}: where a review stands, for the one who asked for it and did not
// want to wait (`Prefer: respond-async`). {"review_id","state","expires_at"}; 404 for everybody
// else's.
async::Awaitable<void> ShowReviewStatus(const call::CallContext& context, std::string review_id);

}  // namespace countersign::edge::admin
