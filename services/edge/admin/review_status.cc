#include "services/edge/admin/review_status.h"

#include "libs/async/pending_reply.h"
#include "libs/base/clock.h"
#include "libs/json/writer.h"
#include "services/edge/call/request/verified_caller.h"

namespace countersign::edge::admin {

async::Awaitable<void> ShowReviewStatus(const call::CallContext& context, std::string review_id) {
  call::Reply& reply = context.reply;
  const call::Step<call::request::VerifiedCaller> caller =
      co_await call::request::VerifiedCaller::Verify(context);
  if (!caller.ok()) co_return co_await call::request::RefuseUnverified(context, caller.refusal());
  async::PendingReply<absl::StatusOr<domain::ReviewStatus>> answer(context.executor);
  context.services.ports.reviews.GetStatus(caller->call(), review_id,
                                           context.services.PortDeadline(), answer.done());
  const absl::StatusOr<domain::ReviewStatus> status = co_await answer.Get(context.cancellation);
  if (context.cancellation.cancelled()) co_return;
  if (absl::IsNotFound(status.status()) || absl::IsInvalidArgument(status.status())) {
    co_await reply.SendError(dialects::MakeCallerError("not_found", "you have no such review"));
    co_return;
  }
  if (!status.ok()) {
    co_await reply.SendError(dialects::MakePartError(status.status(), "approval"));
    co_return;
  }
  json::Writer out;
  out.BeginObject().Key("review_id").String(status->review_id);
  out.Key("state").String(domain::ToString(status->state));
  out.Key("expires_at").String(FormatRfc3339(status->expires_at)).EndObject();
  co_await reply.SendJson(200, out.str());
}

}  // namespace countersign::edge::admin
