#pragma once

#include <string>

#include "services/edge/edge_services.h"
#include "services/edge/port_answer.h"
#include "services/edge/reply.h"
#include "services/edge/verified_caller.h"

namespace countersign::edge {

// GET /countersign/reviews/{id}: where a review stands, for the one who asked for it and did not
// want to wait (`Prefer: respond-async`). {"review_id","state","expires_at"}; 404 for everybody
// else's.
Awaitable<void> AnswerReviewStatus(const EdgeServices& services, const VerifiedCaller& caller,
                                   std::string review_id, boost::asio::any_io_executor executor,
                                   http::Stop& stop, Reply& reply);

}  // namespace countersign::edge
