#pragma once

#include <memory>
#include <utility>

#include "libs/async/pending_reply.h"
#include "services/edge/call/edge_services.h"
#include "services/edge/call/router.h"
#include "services/edge/call/verified_caller.h"

namespace countersign::edge {

// Step 6: what policy said about a call. Only Deciding makes one.
class DecidedCall {
 public:
  // The question, asked when it is constructed: it runs beside the opening of the session.
  class Deciding {
   public:
    Deciding(const EdgeServices& services, const VerifiedCaller& caller, const Route& route,
             std::shared_ptr<const domain::Prompt> prompt, async::Executor executor);
    async::Awaitable<absl::StatusOr<DecidedCall>> Get(async::Cancellation& cancellation);

   private:
    const EdgeServices& services_;
    async::PendingReply<absl::StatusOr<domain::Decision>> answer_;
  };

  const domain::Decision& decision() const { return decision_; }
  domain::Verdict verdict() const { return decision_.verdict; }

 private:
  explicit DecidedCall(domain::Decision decision) : decision_(std::move(decision)) {}
  domain::Decision decision_;
};

// Whether an approval that was given under `given` is one that `asked` accepts, too: no fewer
// people, nobody whom `asked` does not name, and no longer or larger grant.
bool Covers(const domain::ReviewTerms& given, const domain::ReviewTerms& asked);

}  // namespace countersign::edge
