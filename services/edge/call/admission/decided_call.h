#pragma once

#include <utility>

#include "services/edge/call/admission/session.h"
#include "services/edge/call/request/read_request.h"

namespace countersign::edge::call::admission {

// A call that policy allows, or for which it requires a review (step 6); never a deny. Made by
// PendingDecision only.
class DecidedCall {
 public:
  const domain::Decision& decision() const { return decision_; }
  bool allowed() const { return decision_.verdict == domain::Verdict::kAllow; }
  const domain::ReviewTerms& terms() const { return decision_.review; }  // if not allowed

 private:
  friend class PendingDecision;
  explicit DecidedCall(domain::Decision decision) : decision_(std::move(decision)) {}
  domain::Decision decision_;
};

// Asks policy on construction; the answer is awaited later.
class PendingDecision {
 public:
  // `before`: the decision that this call had so far, when policy is asked again.
  PendingDecision(const CallContext& context, const request::VerifiedCaller& caller,
                  const request::ReadRequest& read, const DecidedCall* before = nullptr);

  // Waits for the decision and queues it on the session. A refusal for a deny, and when there is no
  // decision. At most once.
  async::Awaitable<Step<DecidedCall>> Get(Session& session);

 private:
  const CallContext& context_;
  async::PendingReply<absl::StatusOr<domain::Decision>> answer_;
};

// Whether an approval under the terms `given` also satisfies `asked`: at least as many people, all
// named by `asked`, and a grant that is not longer or larger.
bool Covers(const domain::ReviewTerms& given, const domain::ReviewTerms& asked);

}  // namespace countersign::edge::call::admission
