#include "services/approval/approval.h"

#include "libs/log/log.h"

namespace countersign::approval {

void Approval::Start() {
  timers_.Start(clock_);
  async::PeriodicTask::Work poll;
  poll.run = [this] { return poller_.Poll(); };
  poll.on_change = [](const absl::Status& status) {
    if (status.ok()) {
      log::Info("reading the state of reviews again");
    } else {
      log::Warning("cannot read the state of reviews; will try again", {{"error", status}});
    }
  };
  polling_ = std::make_unique<async::PeriodicTask>(options_.poll_every, std::move(poll),
                                                   async::PeriodicTask::First::kAfterInterval,
                                                   options_.poll_pause);
}

}  // namespace countersign::approval
