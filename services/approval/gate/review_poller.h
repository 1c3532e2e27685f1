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
  absl::Duration poll_every = absl::Milliseconds(500);  // while somebody is held
  absl::Duration sweep_every = absl::Seconds(5);        // for reviews that nobody waits for
};

// Settles waiters whose reviews were decided by another process or have expired: one read per turn
// for all held calls together, on `pool`, started by `timers`. Votes cast in this process settle
// their waiters at once. A database that does not answer delays a turn and loses nothing.
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
  void Stop();     // for good; waits for a turn that is running
  void TurnNow();  // one turn, on the calling thread; may block

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace countersign::approval::gate
