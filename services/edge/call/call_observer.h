#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/dialects/dialect.h"
#include "libs/domain/decision.h"

namespace countersign::edge::call {

// Follows one call, for callers who are told more than the bytes of an answer. Told of each fact
// once it is on record. Used on the call's executor; the call goes on when a method returns. That
// the caller has left is known by the call's cancellation.
class CallObserver {
 public:
  virtual ~CallObserver() = default;

  // Policy allows the call or asks for a review. Comes first, once.
  virtual async::Awaitable<void> OnDecided(const std::string& session_id,
                                           const domain::Decision& decision) = 0;

  // The call waits for reviewers. Comes again when it joins another review.
  struct Hold {
    std::string review_id;
    std::string binding_hash;
    absl::Time expires_at;  // of the review
  };
  virtual async::Awaitable<void> OnHeld(const Hold& hold) = 0;

  // The call has used the approval of these people.
  virtual async::Awaitable<void> OnApproved(const std::string& review_id,
                                            const std::vector<std::string>& approvers) = 0;

  // The next piece of the answer; its bytes are then written to the caller.
  virtual void OnPiece(const dialects::Delivery& piece) = 0;
};

}  // namespace countersign::edge::call
