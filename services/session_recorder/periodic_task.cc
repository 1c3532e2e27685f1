#include "services/session_recorder/periodic_task.h"

#include <utility>

#include "libs/log/log.h"

namespace countersign::session_recorder {

PeriodicTask::PeriodicTask(std::string name, absl::Duration period,
                           std::function<absl::Status()> work)
    : name_(std::move(name)), period_(period), work_(std::move(work)), thread_([this] { Run(); }) {}

PeriodicTask::~PeriodicTask() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
}

void PeriodicTask::Once() {
  const absl::Status status = work_();
  if (!status.ok() && !failing_)
    log::Warning("recorder fails", {{"name", name_}, {"error", status}});
  if (status.ok() && failing_) log::Info("recorder works again", {{"name", name_}});
  failing_ = !status.ok();
}

void PeriodicTask::Run() {
  MutexLock lock(mutex_);
  while (true) {
    lock.Unlock();
    Once();
    lock.Lock();
    if (wake_.WaitFor(mutex_, period_, [this]() CS_REQUIRES(mutex_) { return stopping_; })) return;
  }
}

}  // namespace countersign::session_recorder
