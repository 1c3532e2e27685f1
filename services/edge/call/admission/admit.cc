#include "services/edge/call/admission/admit.h"

#include <utility>

#include "services/edge/call/admission/review.h"

namespace countersign::edge::call::admission {
namespace {

async::Awaitable<AdmissionResult> AdmitAllowed(const CallContext& context,
                                               const request::VerifiedCaller& caller,
                                               const request::ReadRequest& read,
                                               DecidedCall&& decided, Session& session,
                                               PreparedRequest&& prepared) {
  std::optional<Clearance> clearance = Clearance::ByPolicy(decided);
  if (!clearance) co_return RefuseForPart(absl::InternalError("not allowed"), "edge");
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

}  // namespace

// Not a coroutine: a held call would keep the frame of one for as long as it waits.
async::Awaitable<AdmissionResult> Admit(const CallContext& context,
                                        const request::VerifiedCaller& caller,
                                        const request::ReadRequest& read, DecidedCall&& decided,
                                        Session& session, PreparedRequest&& prepared) {
  return decided.allowed()
             ? AdmitAllowed(context, caller, read, std::move(decided), session, std::move(prepared))
             : AdmitReviewed(context, caller, read, std::move(decided), session,
                             std::move(prepared));
}

}  // namespace countersign::edge::call::admission
