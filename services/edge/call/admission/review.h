#pragma once

#include "services/edge/call/admission/admitted_request.h"

namespace countersign::edge::call::admission {

// Step 8: a call that needs a person, from joining a review to using its grant.
//
// The session is made durable; then the call joins or opens the review of its bytes and waits for a
// decision, up to the policy's `hold`. A stream's head goes out when it has waited for
// `status_within`, with a keep-alive every `waiting_every`. While it waits, the call owns nothing
// but its session and its connection. After an approval the caller, the connection and the policy
// are checked again; only then is the upstream leased and one use of the grant taken. When others
// took it first, or policy has new terms, the call joins again; the time held counts once.
//
// Deferred: the caller does not want to wait (`Prefer: respond-async`).
async::Awaitable<AdmissionResult> AdmitReviewed(const CallContext& context,
                                                const request::VerifiedCaller& caller,
                                                const request::ReadRequest& read,
                                                DecidedCall decided, Session& session,
                                                PreparedRequest prepared);

}  // namespace countersign::edge::call::admission
