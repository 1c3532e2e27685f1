#include "libs/clients/rounds.h"

#include <algorithm>
#include <utility>

namespace countersign::clients {

Rounds::Rounds(Round round) : round_(std::move(round)), thread_([this] { Run(); }) {}

Rounds::~Rounds() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }
  wake_.notify_all();
  thread_.join();
}

void Rounds::CutPause() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    cut_ = true;
  }
  wake_.notify_all();
}

void Rounds::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    cut_ = false;
    const Context context = std::make_shared<grpc::ClientContext>();
    context_ = context;
    lock.unlock();
    const absl::Duration pause = round_(context);
    lock.lock();
    context_ = nullptr;
    wake_.wait_for(lock, absl::ToChronoMilliseconds(pause), [this] { return stopping_ || cut_; });
  }
}

absl::Duration Backoff::Next() { return std::exchange(next_, std::min(next_ * 2, kMost)); }

}  // namespace countersign::clients
