#include "services/edge/call/admission/admitted_request.h"

#include "libs/domain/event_payload.h"

namespace countersign::edge::call::admission {

std::optional<Clearance> Clearance::ByPolicy(const DecidedCall& decided) {
  if (!decided.allowed()) return std::nullopt;
  return Clearance();
}

async::Awaitable<absl::StatusOr<Clearance>> Clearance::ByReview(
    const CallContext& context, const request::VerifiedCaller& caller, const Session& session,
    const PreparedRequest& request, std::string review_id) {
  async::PendingReply<absl::StatusOr<domain::Grant>> answer(context.executor);
  context.services.ports.reviews.Consume(caller.call(), review_id, session.id(),
                                         request.binding_hash(), context.services.PortDeadline(),
                                         answer.done());
  absl::StatusOr<domain::Grant> grant = co_await answer.Get(context.cancellation);
  if (!grant.ok()) co_return grant.status();
  Clearance clearance;
  clearance.grant_ = *std::move(grant);
  co_return clearance;
}

async::Awaitable<Step<AdmittedRequest>> AdmittedRequest::Admit(const CallContext& context,
                                                               Session& session,
                                                               Candidate candidate,
                                                               Clearance clearance) {
  {
    const StageTimer timer(context.services, Stage::kAdmit);
    if (clearance.grant()) {
      session.Queue(domain::event_type::kReviewConsumed,
                    domain::ReviewConsumedPayload(*clearance.grant()));
    }
    const PreparedRequest& request = candidate.request;
    session.Queue(domain::event_type::kForward,
                  domain::ForwardPayload(request.binding_hash(), request.body().size(),
                                         request.masked(), request.unanalyzed()));
    for (const domain::DeliveredSpan& masked : request.masked()) {
      session.CountMasked(masked.span.entity);
    }
    const absl::Status recorded = co_await session.Append();
    if (context.cancellation.cancelled()) co_return RefuseCancelled(context.cancellation.cause());
    if (!recorded.ok()) co_return RefuseForPart(recorded, "session recorder");
  }
  if (context.observer != nullptr && clearance.grant()) {
    const domain::Grant& grant = *clearance.grant();
    co_await context.observer->OnApproved(grant.review_id, grant.approvers);
  }
  std::optional<Refusal> refusal = co_await candidate.lease.Await(context.cancellation);
  if (refusal) co_return *std::move(refusal);
  Admitted admitted{std::move(candidate), std::move(clearance),
                    context.deadline - context.services.clock.Now()};
  co_return AdmittedRequest(std::move(admitted));
}

}  // namespace countersign::edge::call::admission
