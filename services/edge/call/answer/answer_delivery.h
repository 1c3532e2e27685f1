#pragma once

#include "services/edge/call/admission/admitted_request.h"

namespace countersign::edge::call::answer {

// Steps 10 and 11: carries the upstream's answer to the caller, masked, and on record before it
// leaves. What says that the answer is whole leaves only when the session's end is durable.
//
// One step is done before the next begins - read, mask, record, write - so a slow caller slows the
// upstream, and memory holds one read's worth of a stream. What one read brings is masked, recorded
// and written together.
//
// Delivered: the session has ended. A refusal is still to be told and recorded.
async::Awaitable<Step<Delivered>> DeliverAnswer(const CallContext& context,
                                                const request::ReadRequest& read,
                                                const admission::AdmittedRequest& admitted,
                                                admission::Session& session,
                                                UpstreamResponse& response);

}  // namespace countersign::edge::call::answer
