#pragma once

#include <optional>
#include <string>
#include <utility>

#include "services/edge/call/prepared_request.h"
#include "services/edge/call/session.h"

namespace countersign::edge {

// That a request may be sent: policy allowed it, or a grant for exactly its bytes was used.
class Clearance {
 public:
  // Nothing unless the verdict is kAllow.
  static std::optional<Clearance> ByPolicy(const DecidedCall& decided);

  // Takes one use of the review's grant, now. FAILED_PRECONDITION with a reason when there is none.
  static async::Awaitable<absl::StatusOr<Clearance>> ByReview(
      const EdgeServices& services, const VerifiedCaller& caller, const Session& session,
      const PreparedRequest& request, std::string review_id, async::Executor executor,
      async::Cancellation& cancellation);

  const std::optional<domain::Grant>& grant() const { return grant_; }

 private:
  Clearance() = default;
  std::optional<domain::Grant> grant_;
};

// The end of steps 5 to 8: a request that was decided, cleared, and whose sending is on record. The
// only thing that an upstream accepts; only Admit makes one.
class AdmittedRequest {
 public:
  // Records the use of the grant and the intent to send, durably.
  static async::Awaitable<absl::StatusOr<AdmittedRequest>> Admit(const EdgeServices& services,
                                                                 Session& session,
                                                                 PreparedRequest request,
                                                                 Clearance clearance);

  const PreparedRequest& request() const { return request_; }
  bool grant_used() const { return clearance_.grant().has_value(); }

 private:
  AdmittedRequest(PreparedRequest request, Clearance clearance)
      : request_(std::move(request)), clearance_(std::move(clearance)) {}
  PreparedRequest request_;
  Clearance clearance_;
};

}  // namespace countersign::edge
