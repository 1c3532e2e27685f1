#pragma once

#include <memory>
#include <string>
#include <variant>

#include "services/edge/call/admitted_request.h"
#include "services/edge/call/reply.h"

namespace countersign::edge {

// A person agreed to exactly this request: the review whose grant can be used now.
struct ApprovedReview {
  std::string review_id;
  bool held = false;  // time has passed since the decision
};
// The caller wants to come back later.
struct Deferred {
  std::string review_id;
};

// Step 8: a call that needs a person. It joins or opens the review of its bytes and waits for a
// decision up to the policy's `hold`. A stream's head goes out when it has waited for
// `status_within`, with a comment every `waiting_every`. While it waits, the call owns nothing but
// its session and its connection.
class ReviewHold {
 public:
  ReviewHold(const EdgeServices& services, VerifiedCaller& caller, const Route& route,
             const PreparedRequest& request, const DecidedCall& decided, Session& session,
             Reply& reply, async::Executor executor, async::Cancellation& cancellation);

  // `stream`: the caller reads an event stream. `defer`: answer at once instead of waiting.
  // May be called again when the grant went to somebody else: time held counts once. Before a call
  // that was held joins again its caller is verified again: its internal token may have expired.
  async::Awaitable<std::variant<ApprovedReview, Deferred, Refusal>> Wait(bool stream, bool defer);

 private:
  async::Awaitable<absl::StatusOr<domain::ReviewStatus>> Join();
  async::Awaitable<absl::StatusOr<domain::ReviewStatus>> AwaitDecision(const std::string& review_id,
                                                                       bool stream);
  Refusal RefusalOf(const domain::ReviewStatus& status) const;

  const EdgeServices& services_;
  VerifiedCaller& caller_;
  const Route& route_;
  const PreparedRequest& request_;
  const DecidedCall& decided_;
  Session& session_;
  Reply& reply_;
  async::Executor executor_;
  async::Cancellation& cancellation_;
  const absl::Time hold_until_;
  const std::chrono::steady_clock::time_point begun_;
  bool held_ = false;
};

}  // namespace countersign::edge
