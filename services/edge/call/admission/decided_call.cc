#include "services/edge/call/admission/decided_call.h"

#include <algorithm>

#include "libs/domain/event_payload.h"

namespace countersign::edge::call::admission {

PendingDecision::PendingDecision(const CallContext& context, const request::VerifiedCaller& caller,
                                 const request::ReadRequest& read, const DecidedCall* before)
    : context_(context), answer_(context.executor) {
  domain::DecisionRequest request{read.connection().name, read.prompt()};
  if (before != nullptr) request.verdict_before = before->decision().verdict;
  context.services.ports.decider.Decide(caller.call(), std::move(request),
                                        context.services.PortDeadline(), answer_.done());
}

async::Awaitable<Step<DecidedCall>> PendingDecision::Get(Session& session) {
  const StageTimer timer(context_.services, Stage::kDecide);
  absl::StatusOr<domain::Decision> decision = co_await answer_.Get(context_.cancellation);
  if (!decision.ok()) co_return RefuseForPart(decision.status(), "policy");
  session.Queue(domain::event_type::kDecision, domain::DecisionPayload(*decision));
  if (decision->verdict == domain::Verdict::kDeny) {
    absl::string_view message = decision->message;
    if (message.empty()) {
      message = decision->policy.empty() ? "no policy allows this call"
                                         : "a policy does not allow this call";
    }
    co_return RefuseBlocked("policy_denied", message);
  }
  co_return DecidedCall(*std::move(decision));
}

bool Covers(const domain::ReviewTerms& given, const domain::ReviewTerms& asked) {
  const auto asks = [&](const std::string& reviewer) {
    return std::find(asked.reviewers.begin(), asked.reviewers.end(), reviewer) !=
           asked.reviewers.end();
  };
  return given.approvals >= asked.approvals && given.grant_kind == asked.grant_kind &&
         given.grant_uses <= asked.grant_uses && given.grant_ttl <= asked.grant_ttl &&
         std::all_of(given.reviewers.begin(), given.reviewers.end(), asks);
}

}  // namespace countersign::edge::call::admission
