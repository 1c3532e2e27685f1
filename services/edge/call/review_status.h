#pragma once

#include <string>

#include "libs/async/pending_reply.h"
#include "services/edge/call/verified_caller.h"

namespace countersign::edge::call {

// GET /countersign/reviews/{id}: where a review stands, for the one who asked for it and did not
// want to wait (`Prefer: respond-async`). {"review_id","state","expires_at"}; 404 for everybody
// else's.
async::Awaitable<void> AnswerReviewStatus(const CallContext& context, const VerifiedCaller& caller,
                                          std::string review_id);

}  // namespace countersign::edge::call
