#pragma once

#include "services/edge/call/admission/admitted_request.h"

namespace countersign::edge::call::admission {

// Admits a call: policy has allowed it, or it passes its review (review.h, step 8). When there is
// an AdmittedRequest, the intent to send is durable and the credential is leased. `decided` and
// `prepared` are moved from while it is awaited.
async::Awaitable<AdmissionResult> Admit(const CallContext& context,
                                        const request::VerifiedCaller& caller,
                                        const request::ReadRequest& read, DecidedCall&& decided,
                                        Session& session, PreparedRequest&& prepared);

}  // namespace countersign::edge::call::admission
