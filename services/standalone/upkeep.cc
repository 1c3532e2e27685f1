#include "services/standalone/upkeep.h"

#include <utility>

#include "libs/log/log.h"

namespace countersign::standalone {

Upkeep::Upkeep(std::string name, absl::Duration period, std::function<absl::Status()> work)
    : name_(std::move(name)), period_(period), work_(std::move(work)), thread_([this] { Run(); }) {}

Upkeep::~Upkeep() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Upkeep::Run() {
  bool failing = false;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!wake_.wait_for(lock, absl::ToChronoMilliseconds(period_), [this] { return stopping_; })) {
    lock.unlock();
    const absl::Status status = work_();
    if (!status.ok() && !failing)
      log::Warning("upkeep fails", {{"name", name_}, {"error", status}});
    if (status.ok() && failing) log::Info("upkeep works again", {{"name", name_}});
    failing = !status.ok();
    lock.lock();
  }
}

}  // namespace countersign::standalone
