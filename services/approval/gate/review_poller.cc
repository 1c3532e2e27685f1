#include "services/approval/gate/review_poller.h"

#include <cstddef>
#include <string>
#include <vector>

#include "libs/base/mutex.h"

namespace countersign::approval::gate {
namespace {

constexpr std::size_t kSweepLimit = 1000;

}  // namespace

absl::Status ReviewPoller::SettleWaiters() {
  const std::vector<std::string> ids = uses_.waiters.WaitedFor();
  if (ids.empty()) return absl::OkStatus();
  const auto statuses = uses_.store.Statuses(ids);
  if (!statuses.ok()) return statuses.status();
  for (const domain::ReviewStatus& status : *statuses) uses_.waiters.Settle(status);
  return absl::OkStatus();
}

absl::Status ReviewPoller::Sweep() {
  if (uses_.clock.Now() - swept_at_ < sweep_every_) return absl::OkStatus();
  if (const auto expired = uses_.store.ExpireDue(kSweepLimit); !expired.ok()) {
    return expired.status();
  }
  const auto counts = uses_.store.Counts();
  if (!counts.ok()) return counts.status();
  uses_.metrics.SetPending(static_cast<double>(counts->pending));
  swept_at_ = uses_.clock.Now();
  return absl::OkStatus();
}

absl::Status ReviewPoller::Poll() {
  absl::Status status = SettleWaiters();
  status.Update(Sweep());
  return status;
}

}  // namespace countersign::approval::gate
