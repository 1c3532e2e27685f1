#pragma once

#include "services/edge/call/admission/admitted_request.h"

namespace countersign::edge::call::answer {

// Delivers the upstream's answer to the caller, masked, and recorded before it is sent (steps 10
// and 11). The final marker, or a plain body, is sent only after the session's end is durable.
//
// Reading, masking, recording and writing follow one another, so a slow caller slows the upstream,
// and memory holds one read's worth of a stream. The bytes of one read are masked, recorded and
// written together.
//
// Delivered: the session has ended. A Refusal must still be sent and recorded.
async::Awaitable<Step<Delivered>> DeliverAnswer(const CallContext& context,
                                                const request::ReadRequest& read,
                                                const admission::AdmittedRequest& admitted,
                                                admission::Session& session,
                                                UpstreamResponse& response);

}  // namespace countersign::edge::call::answer
