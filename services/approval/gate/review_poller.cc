#include "services/approval/gate/review_poller.h"

#include <condition_variable>
#include <mutex>

#include "libs/log/log.h"

namespace countersign::approval::gate {
namespace {

constexpr std::size_t kSweepLimit = 1000;

}  // namespace

struct ReviewPoller::Shared : ReviewPoller::Dependencies {
  Shared(const Dependencies& dependencies, PollerOptions options)
      : Dependencies(dependencies), options(options) {}

  const PollerOptions options;

  std::mutex mutex;
  std::condition_variable idle;
  bool running = false;
  bool stopped = false;
  bool failing = false;
  absl::Time swept_at = absl::InfinitePast();

  bool Begin() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (stopped || running) return false;
    return running = true;
  }
  void End() {
    const std::lock_guard<std::mutex> lock(mutex);
    running = false;
    idle.notify_all();
  }

  absl::Status Poll() {
    const std::vector<std::string> ids = waiters.WaitedFor();
    if (ids.empty()) return absl::OkStatus();
    const auto statuses = store.Statuses(ids);
    if (!statuses.ok()) return statuses.status();
    for (const domain::ReviewStatus& status : *statuses) waiters.Settle(status);
    return absl::OkStatus();
  }

  absl::Status Sweep() {
    if (clock.Now() - swept_at < options.sweep_every) return absl::OkStatus();
    if (const auto expired = store.ExpireDue(kSweepLimit); !expired.ok()) return expired.status();
    const auto counts = store.Counts();
    if (!counts.ok()) return counts.status();
    metrics.SetPending(static_cast<double>(counts->pending));
    swept_at = clock.Now();
    return absl::OkStatus();
  }

  // Logs one line when the database fails and one when it works again.
  void Report(const absl::Status& status) {
    if (!status.ok() && !failing)
      log::Warning("cannot read the state of reviews; will try again", {{"error", status}});
    if (status.ok() && failing) log::Info("reading the state of reviews again");
    failing = !status.ok();
  }

  void Turn() {
    absl::Status status = Poll();
    status.Update(Sweep());
    Report(status);
  }
};

namespace {

template <typename Shared>
void Schedule(const std::shared_ptr<Shared>& shared) {
  shared->timers.At(shared->clock.Now() + shared->options.poll_every, [shared] {
    if (shared->Begin()) {
      const bool accepted = shared->pool.TrySubmit([shared] {
        shared->Turn();
        shared->End();
      });
      if (!accepted) shared->End();
    }
    {
      const std::lock_guard<std::mutex> lock(shared->mutex);
      if (shared->stopped) return;
    }
    Schedule(shared);
  });
}

}  // namespace

ReviewPoller::ReviewPoller(const Dependencies& dependencies, PollerOptions options)
    : shared_(std::make_shared<Shared>(dependencies, options)) {}

ReviewPoller::~ReviewPoller() { Stop(); }

void ReviewPoller::Stop() {
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->stopped = true;
  shared_->idle.wait(lock, [&] { return !shared_->running; });
}

void ReviewPoller::Start() { Schedule(shared_); }

void ReviewPoller::TurnNow() {
  if (!shared_->Begin()) return;
  shared_->Turn();
  shared_->End();
}

}  // namespace countersign::approval::gate
