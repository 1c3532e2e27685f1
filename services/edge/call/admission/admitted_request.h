#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "services/edge/call/admission/prepared_request.h"
#include "services/edge/call/admission/upstream_lease.h"

namespace countersign::edge::call::admission {

// Permission to send a request: policy allowed it, or a grant for exactly its bytes was used.
class Clearance {
 public:
  // nullopt unless policy allows the call without a review.
  static std::optional<Clearance> ByPolicy(const DecidedCall& decided);

  // Takes one use of the review's grant. FAILED_PRECONDITION with a reason when there is none.
  static async::Awaitable<absl::StatusOr<Clearance>> ByReview(const CallContext& context,
                                                              const request::VerifiedCaller& caller,
                                                              const Session& session,
                                                              const PreparedRequest& request,
                                                              std::string review_id);

  const std::optional<domain::Grant>& grant() const { return grant_; }

 private:
  Clearance() = default;
  std::optional<domain::Grant> grant_;
};

// The result of steps 5 to 8: a request that was decided and cleared, whose sending is recorded,
// together with its lease. Upstream::Send accepts nothing else; only Admit makes one.
class AdmittedRequest {
 public:
  // The parts of an admitted request.
  struct Candidate {
    PreparedRequest request;
    DecidedCall decided;
    UpstreamLease lease;
  };

  // Records the use of the grant and the intent to send, durably, then waits for the lease.
  static async::Awaitable<Step<AdmittedRequest>> Admit(const CallContext& context, Session& session,
                                                       Candidate candidate, Clearance clearance);

  const PreparedRequest& request() const { return admitted_->candidate.request; }
  const domain::Decision& decision() const { return admitted_->candidate.decided.decision(); }
  const UpstreamLease& lease() const { return admitted_->candidate.lease; }
  bool grant_used() const { return admitted_->clearance.grant().has_value(); }
  // Until the caller gives up, when the request was admitted.
  absl::Duration time_left() const { return admitted_->time_left; }

 private:
  struct Admitted {
    Candidate candidate;
    Clearance clearance;
    absl::Duration time_left;
  };
  explicit AdmittedRequest(Admitted admitted)
      : admitted_(std::make_unique<const Admitted>(std::move(admitted))) {}

  // On the heap, because each coroutine that may return one has room for it as long as a call is
  // held. Null after a move.
  std::unique_ptr<const Admitted> admitted_;
};

// The result of admission: the request may be sent, or the caller is to come back after a reviewer
// has decided (Deferred), or the call is refused.
using AdmissionResult = std::variant<AdmittedRequest, Deferred, Refusal>;

}  // namespace countersign::edge::call::admission
