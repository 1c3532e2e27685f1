#pragma once

#include "services/edge/call/admission/admitted_request.h"

namespace countersign::edge::call::admission {

// Admits a call that needs a review (step 8), from joining the review to using its grant.
//
// The session is made durable; then the call joins or opens the review of its bytes and waits for a
// decision, for at most the policy's `hold`. The head of a stream is sent after `status_within`,
// followed by a keep-alive every `waiting_every`. While it waits, the call holds only its session
// and its caller's connection. After an approval the caller, the connection and the policy are
// checked again; then the upstream is leased and one use of the grant is taken. If others took it
// first, or policy has new terms, the call joins again; the total time is limited by `hold`.
//
// Deferred: the caller does not want to wait (`Prefer: respond-async`). `decided` and `prepared`
// are moved from when it is first awaited.
async::Awaitable<AdmissionResult> AdmitReviewed(const CallContext& context,
                                                const request::VerifiedCaller& caller,
                                                const request::ReadRequest& read,
                                                DecidedCall&& decided, Session& session,
                                                PreparedRequest&& prepared);

}  // namespace countersign::edge::call::admission
