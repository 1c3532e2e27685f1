#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "libs/async/periodic_task.h"
#include "libs/base/clock.h"
#include "libs/base/thread_pool.h"
#include "libs/metrics/metrics.h"
#include "services/approval/approval_metrics.h"
#include "services/approval/gate/local_review_gate.h"
#include "services/approval/gate/review_poller.h"
#include "services/approval/gate/review_waiters.h"
#include "services/approval/gate/timers.h"
#include "services/approval/reviewers/reviewer_api.h"
#include "services/approval/reviewers/reviewer_directory.h"
#include "services/approval/store/review_store.h"

namespace countersign::approval {

struct ApprovalOptions {
  std::size_t threads = 8;
  std::size_t max_queued = 1024;  // further work is refused
  absl::Duration poll_every = absl::Milliseconds(500);
  std::shared_ptr<async::Pause> poll_pause;  // between two polls; null: the steady clock
};

// The objects of approval's core, in order of construction; used by the service and by the
// standalone gateway. The constructor's arguments must outlive it.
class Approval {
 public:
  Approval(store::ReviewStore& store, crypto::PageTokens tokens, const Clock& clock,
           metrics::Registry& registry, ApprovalOptions options = {})
      : metrics_(registry),
        waiters_(timers_, clock),
        pool_(std::make_unique<ThreadPool>(options.threads, options.max_queued)),
        gate_(store, directory_, waiters_, timers_, *pool_),
        reviewer_api_(store, directory_, waiters_, metrics_, std::move(tokens)),
        poller_({store, waiters_, clock, metrics_}),
        clock_(clock),
        options_(std::move(options)) {}
  // Finishes accepted work, then answers calls that still wait with UNAVAILABLE.
  ~Approval() {
    polling_.reset();
    pool_.reset();
  }

  // Starts the threads of the timers and of the poller.
  void Start();

  reviewers::ReviewerDirectory& directory() {
    return directory_;
  }  // attach it to the resource feed
  gate::LocalReviewGate& gate() { return gate_; }
  reviewers::ReviewerApi& reviewer_api() { return reviewer_api_; }
  ThreadPool& pool() { return *pool_; }

 private:
  ApprovalMetrics metrics_;
  reviewers::ReviewerDirectory directory_;
  gate::Timers timers_;
  gate::ReviewWaiters waiters_;
  std::unique_ptr<ThreadPool> pool_;
  gate::LocalReviewGate gate_;
  reviewers::ReviewerApi reviewer_api_;
  gate::ReviewPoller poller_;
  const Clock& clock_;
  const ApprovalOptions options_;
  std::unique_ptr<async::PeriodicTask> polling_;  // last: its thread uses the above
};

}  // namespace countersign::approval
