#include "libs/async/periodic_task.h"

#include <utility>

namespace countersign::async {

PeriodicTask::PeriodicTask(absl::Duration interval, Work work, First first,
                           std::shared_ptr<Pause> pause)
    : loop_(MakeRound(interval, std::move(work), first), std::move(pause)) {}

RetryLoop::Round PeriodicTask::MakeRound(absl::Duration interval, Work work, First first) {
  return [interval, work = std::move(work), skip = first == First::kAfterInterval,
          last = absl::StatusCode::kOk](std::stop_token) mutable {
    if (std::exchange(skip, false)) return interval;
    const absl::Status now = work.run();
    const bool changed = std::exchange(last, now.code()) != now.code();
    if (changed && work.on_change) work.on_change(now);
    return interval;
  };
}

}  // namespace countersign::async
