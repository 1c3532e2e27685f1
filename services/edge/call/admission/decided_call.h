#pragma once

#include <utility>

#include "services/edge/call/admission/session.h"
#include "services/edge/call/request/read_request.h"

namespace countersign::edge::call::admission {

// Step 6: policy allows a call, or asks for a review of it. Only a PendingDecision makes one.
class DecidedCall {
 public:
  const domain::Decision& decision() const { return decision_; }
  bool allowed() const { return decision_.verdict == domain::Verdict::kAllow; }
  const domain::ReviewTerms& terms() const { return decision_.review; }  // when not allowed

 private:
  friend class PendingDecision;
  explicit DecidedCall(domain::Decision decision) : decision_(std::move(decision)) {}
  domain::Decision decision_;
};

// The question to policy, asked on construction. The answer is awaited later.
class PendingDecision {
 public:
  PendingDecision(const CallContext& context, const request::VerifiedCaller& caller,
                  const request::ReadRequest& read);

  // Queues the decision on the session. A refusal when it is a deny, or nobody could decide. At
  // most once.
  async::Awaitable<Step<DecidedCall>> Get(Session& session);

 private:
  const CallContext& context_;
  async::PendingReply<absl::StatusOr<domain::Decision>> answer_;
};

// Whether an approval that was given under `given` is one that `asked` accepts, too: no fewer
// people, nobody whom `asked` does not name, and no longer or larger grant.
bool Covers(const domain::ReviewTerms& given, const domain::ReviewTerms& asked);

}  // namespace countersign::edge::call::admission
