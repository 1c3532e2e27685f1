#include "services/edge/call/admission/admit.h"

#include <utility>

#include "services/edge/call/admission/review.h"

namespace countersign::edge::call::admission {

async::Awaitable<AdmissionResult> Admit(const CallContext& context,
                                        const request::VerifiedCaller& caller,
                                        const request::ReadRequest& read, DecidedCall decided,
                                        Session& session, PreparedRequest prepared) {
  std::optional<Clearance> clearance = Clearance::ByPolicy(decided);
  if (!clearance) {
    co_return co_await AdmitReviewed(context, caller, read, std::move(decided), session,
                                     std::move(prepared));
  }
  UpstreamLease lease(context, caller, read, decided, prepared.placeholders());
  AdmittedRequest::Candidate candidate{std::move(prepared), std::move(decided), std::move(lease)};
  Step<AdmittedRequest> admitted = co_await AdmittedRequest::Admit(
      context, session, std::move(candidate), *std::move(clearance));
  if (!admitted.ok()) co_return std::move(admitted).refusal();
  if (context.observer != nullptr) {
    co_await context.observer->OnDecided(session.id(), admitted->decision());
  }
  co_return *std::move(admitted);
}

}  // namespace countersign::edge::call::admission
