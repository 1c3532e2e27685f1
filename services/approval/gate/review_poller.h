#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "services/approval/approval_metrics.h"
#include "services/approval/gate/review_waiters.h"
#include "services/approval/store/review_store.h"

namespace countersign::approval::gate {

// Settles waiters whose reviews were decided by another process or have expired. Each poll is one
// read for all held calls. Votes cast in this process settle their waiters at once. A poll during a
// database failure loses nothing: the next one reads the same.
class ReviewPoller {
 public:
  // All must outlive the poller.
  struct Dependencies {
    store::ReviewStore& store;
    ReviewWaiters& waiters;
    const Clock& clock;
    ApprovalMetrics& metrics;
  };

  // Every `sweep_every`, a poll also expires reviews without waiting calls.
  explicit ReviewPoller(const Dependencies& dependencies,
                        absl::Duration sweep_every = absl::Seconds(5))
      : uses_(dependencies), sweep_every_(sweep_every) {}

  // May block. Call it from one thread at a time.
  absl::Status Poll();

 private:
  absl::Status SettleWaiters();
  absl::Status Sweep();

  const Dependencies uses_;
  const absl::Duration sweep_every_;
  absl::Time swept_at_ = absl::InfinitePast();
};

}  // namespace countersign::approval::gate
