#include "services/edge/call/decided_call.h"

#include <algorithm>

namespace countersign::edge {

DecidedCall::Deciding::Deciding(const EdgeServices& services, const VerifiedCaller& caller,
                                const Route& route, std::shared_ptr<const domain::Prompt> prompt,
                                async::Executor executor)
    : services_(services), answer_(std::move(executor)) {
  services.ports.decider.Decide(caller.call(), route.connection->name, std::move(prompt),
                                services.PortDeadline(), answer_.done());
}

async::Awaitable<absl::StatusOr<DecidedCall>> DecidedCall::Deciding::Get(
    async::Cancellation& cancellation) {
  const StageTimer timer(services_, Stage::kDecide);
  absl::StatusOr<domain::Decision> decision = co_await answer_.Get(cancellation);
  if (!decision.ok()) co_return decision.status();
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

}  // namespace countersign::edge
