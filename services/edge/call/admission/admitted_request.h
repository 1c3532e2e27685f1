#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "services/edge/call/admission/prepared_request.h"
#include "services/edge/call/admission/upstream_lease.h"

namespace countersign::edge::call::admission {

// That a request may be sent: policy allowed it, or a grant for exactly its bytes was used.
class Clearance {
 public:
  // Nothing unless policy allows the call as it is.
  static std::optional<Clearance> ByPolicy(const DecidedCall& decided);

  // Takes one use of the review's grant, now. FAILED_PRECONDITION with a reason when there is none.
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

// The end of steps 5 to 8: a request that was decided, cleared, and whose sending is on record,
// with what it is sent with. The only thing that an upstream accepts; only Admit makes one.
class AdmittedRequest {
 public:
  // What becomes an admitted request.
  struct Candidate {
    PreparedRequest request;
    DecidedCall decided;
    UpstreamLease lease;
  };

  // Records the use of the grant and the intent to send, durably, then waits for the lease.
  static async::Awaitable<Step<AdmittedRequest>> Admit(const CallContext& context, Session& session,
                                                       Candidate candidate, Clearance clearance);

  const PreparedRequest& request() const { return candidate_.request; }
  const domain::Decision& decision() const { return candidate_.decided.decision(); }
  const UpstreamLease& lease() const { return candidate_.lease; }
  bool grant_used() const { return clearance_.grant().has_value(); }

 private:
  AdmittedRequest(Candidate candidate, Clearance clearance)
      : candidate_(std::move(candidate)), clearance_(std::move(clearance)) {}
  Candidate candidate_;
  Clearance clearance_;
};

// What becomes of a call that asks for leave to send: it has it, its caller comes back when a
// reviewer has decided, or it goes no further.
using AdmissionResult = std::variant<AdmittedRequest, Deferred, Refusal>;

}  // namespace countersign::edge::call::admission
