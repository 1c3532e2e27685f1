#include "libs/async/retry_loop.h"

namespace countersign::async {
namespace {

class TimedPause final : public Pause {
 public:
  void Wait(absl::Duration duration) override {
    const MutexLock lock(mutex_);
    changed_.WaitFor(mutex_, duration, [this]() CS_REQUIRES(mutex_) { return cut_; });
    cut_ = false;
  }
  void Cut() override {
    const MutexLock lock(mutex_);
    cut_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool cut_ CS_GUARDED_BY(mutex_) = false;
};

}  // namespace

RetryLoop::RetryLoop(Round round, std::shared_ptr<Pause> pause)
    : round_(std::move(round)),
      pause_(pause != nullptr ? std::move(pause) : std::make_shared<TimedPause>()),
      thread_([this] { Run(); }) {}

RetryLoop::~RetryLoop() { Stop(); }

void RetryLoop::Stop() {
  stop_.request_stop();
  pause_->Cut();
  const MutexLock lock(joining_);
  if (thread_.joinable()) thread_.join();
}

void RetryLoop::Run() {
  while (!stop_.stop_requested()) {
    const absl::Duration pause = round_(stop_.get_token());
    if (!stop_.stop_requested()) pause_->Wait(pause);
  }
}

}  // namespace countersign::async
