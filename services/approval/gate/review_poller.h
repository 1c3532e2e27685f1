#pragma once

#include <memory>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/thread_pool.h"
#include "services/approval/approval_metrics.h"
#include "services/approval/gate/review_waiters.h"
#include "services/approval/gate/timers.h"
#include "services/approval/store/review_store.h"

namespace countersign::approval::gate {

struct PollerOptions {
  absl::Duration poll_every = absl::Milliseconds(500);  // while calls are held
  absl::Duration sweep_every = absl::Seconds(5);        // expires reviews without waiting calls
};

// Settles waiters whose reviews were decided by another process or have expired. Each turn is one
// read for all held calls, run on `pool` and scheduled by `timers`. Votes cast in this process
// settle their waiters at once. A turn during a database failure is retried; nothing is lost.
class ReviewPoller {
 public:
  // All must outlive the poller, except that `pool` and `timers` may be destroyed first.
  struct Dependencies {
    store::ReviewStore& store;
    ReviewWaiters& waiters;
    Timers& timers;
    ThreadPool& pool;
    const Clock& clock;
    ApprovalMetrics& metrics;
  };

  explicit ReviewPoller(const Dependencies& dependencies, PollerOptions options = {});
  ~ReviewPoller();

  void Start();
  void Stop();     // permanent; waits for a running turn
  void TurnNow();  // one turn, on the calling thread; may block

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace countersign::approval::gate
