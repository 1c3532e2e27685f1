#include "services/edge/call/admitted_request.h"

#include "libs/domain/event_payload.h"

namespace countersign::edge {

std::optional<Clearance> Clearance::ByPolicy(const DecidedCall& decided) {
  if (decided.verdict() != domain::Verdict::kAllow) return std::nullopt;
  return Clearance();
}

async::Awaitable<absl::StatusOr<Clearance>> Clearance::ByReview(
    const EdgeServices& services, const VerifiedCaller& caller, const Session& session,
    const PreparedRequest& request, std::string review_id, async::Executor executor,
    async::Cancellation& cancellation) {
  async::PendingReply<absl::StatusOr<domain::Grant>> answer(executor);
  services.ports.reviews.Consume(caller.call(), review_id, session.id(), request.binding_hash(),
                                 services.PortDeadline(), answer.done());
  absl::StatusOr<domain::Grant> grant = co_await answer.Get(cancellation);
  if (!grant.ok()) co_return grant.status();
  Clearance clearance;
  clearance.grant_ = *std::move(grant);
  co_return clearance;
}

async::Awaitable<absl::StatusOr<AdmittedRequest>> AdmittedRequest::Admit(
    const EdgeServices& services, Session& session, PreparedRequest request, Clearance clearance) {
  const StageTimer timer(services, Stage::kAdmit);
  if (clearance.grant()) {
    session.Queue(domain::event_type::kReviewConsumed,
                  domain::ReviewConsumedPayload(*clearance.grant()));
  }
  session.Queue(
      domain::event_type::kForward,
      domain::ForwardPayload(request.binding_hash(), request.body().size(), request.masked()));
  for (const domain::DeliveredSpan& masked : request.masked()) {
    session.CountMasked(masked.span.entity);
  }
  const absl::Status recorded = co_await session.Append();
  if (!recorded.ok()) co_return recorded;
  co_return AdmittedRequest(std::move(request), std::move(clearance));
}

}  // namespace countersign::edge
