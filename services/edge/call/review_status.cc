#include "services/edge/call/review_status.h"

#include "libs/json/writer.h"

namespace countersign::edge {

async::Awaitable<void> AnswerReviewStatus(const EdgeServices& services,
                                          const VerifiedCaller& caller, std::string review_id,
                                          async::Executor executor,
                                          async::Cancellation& cancellation, Reply& reply) {
  async::PendingReply<absl::StatusOr<domain::ReviewStatus>> answer(executor);
  services.ports.reviews.GetStatus(caller.call(), review_id, services.PortDeadline(),
                                   answer.done());
  const absl::StatusOr<domain::ReviewStatus> status = co_await answer.Get(cancellation);
  if (cancellation.cancelled()) co_return;
  if (absl::IsNotFound(status.status()) || absl::IsInvalidArgument(status.status())) {
    co_await reply.Error(dialects::MakeCallerError("not_found", "you have no such review"));
    co_return;
  }
  if (!status.ok()) {
    co_await reply.Error(dialects::ErrorOfPart(status.status(), "approval"));
    co_return;
  }
  json::Writer out;
  out.BeginObject().Key("review_id").String(status->review_id);
  out.Key("state").String(domain::ToString(status->state));
  out.Key("expires_at").String(FormatRfc3339(status->expires_at)).EndObject();
  co_await reply.Json(200, out.str());
}

}  // namespace countersign::edge
