#pragma once

#include <string>

#include "libs/base/thread_pool.h"
#include "libs/domain/review_gate.h"
#include "services/approval/gate/review_waiters.h"
#include "services/approval/gate/timers.h"
#include "services/approval/reviewers/reviewer_directory.h"
#include "services/approval/store/review_store.h"

namespace countersign::approval::gate {

// The ReviewGate of this process. No method blocks its caller: the store is used on `pool`, held
// calls wait in `waiters`, and every call is answered by its deadline. RESOURCE_EXHAUSTED
// `overloaded` when the pool's queue is full.
//
// A grant can be used only while its approvers are still reviewers (ReviewerDirectory), and only if
// the log proves their votes (store/proof.h); otherwise Consume revokes it. Other principals'
// reviews are NOT_FOUND.
class LocalReviewGate final : public domain::ReviewGate {
 public:
  // All arguments must outlive this object and its outstanding calls.
  LocalReviewGate(store::ReviewStore& store, const reviewers::ReviewerDirectory& directory,
                  ReviewWaiters& waiters, Timers& timers, ThreadPool& pool)
      : store_(store), directory_(directory), waiters_(waiters), timers_(timers), pool_(pool) {}

  void Join(const domain::Call& call, domain::ReviewRequest request, absl::Time deadline,
            domain::Done<domain::ReviewStatus> done) override;
  void GetStatus(const domain::Call& call, const std::string& review_id, absl::Time deadline,
                 domain::Done<domain::ReviewStatus> done) override;
  void Wait(const domain::Call& call, const std::string& review_id, const std::string& session_id,
            absl::Time deadline, domain::Done<domain::ReviewStatus> done) override;
  void Consume(const domain::Call& call, const std::string& review_id,
               const std::string& session_id, const std::string& binding_hash, absl::Time deadline,
               domain::Done<domain::Grant> done) override;
  void Leave(const domain::Call& call, const std::string& review_id,
             const std::string& session_id) override;

 private:
  absl::StatusOr<domain::Grant> TakeProvenGrant(const reviews::Person& requester,
                                                const std::string& review_id,
                                                const std::string& session_id,
                                                const std::string& binding_hash);
  // The review, if `requester` asked for it; otherwise NOT_FOUND.
  absl::StatusOr<reviews::Review> OwnReview(const reviews::Person& requester,
                                            const std::string& review_id);
  absl::StatusOr<domain::Grant> TakeGrant(const reviews::Person& requester,
                                          const std::string& review_id,
                                          const std::string& session_id,
                                          const std::string& binding_hash);

  store::ReviewStore& store_;
  const reviewers::ReviewerDirectory& directory_;
  ReviewWaiters& waiters_;
  Timers& timers_;
  ThreadPool& pool_;
};

}  // namespace countersign::approval::gate
