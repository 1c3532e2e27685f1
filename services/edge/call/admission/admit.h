#pragma once

#include "services/edge/call/admission/admitted_request.h"

namespace countersign::edge::call::admission {

// Step 8 and leave to send: policy allowed the call, or it goes through its review (review.h). The
// intent to send is durable, and the credential leased, when there is an AdmittedRequest.
async::Awaitable<AdmissionResult> Admit(const CallContext& context,
                                        const request::VerifiedCaller& caller,
                                        const request::ReadRequest& read, DecidedCall decided,
                                        Session& session, PreparedRequest prepared);

}  // namespace countersign::edge::call::admission
