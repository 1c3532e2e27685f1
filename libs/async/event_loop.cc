#include "libs/async/event_loop.h"

#include <utility>

#include "libs/async/executor_handle.h"
#include "libs/base/mutex.h"

namespace countersign::async {

// Open while the loop accepts work.
struct EventLoop::Gate {
  Mutex mutex;
  EventLoop* loop CS_GUARDED_BY(mutex) = nullptr;
};

EventLoop::EventLoop() : gate_(std::make_shared<Gate>()) {
  const MutexLock lock(gate_->mutex);
  gate_->loop = this;
}

EventLoop::~EventLoop() { Close(); }

void EventLoop::Close() {
  {
    const MutexLock lock(gate_->mutex);
    gate_->loop = nullptr;
  }
  while (spawned_.next != &spawned_) spawned_.next->frame.destroy();
}

ExecutorHandle::ExecutorHandle(Executor executor) : gate_(executor.loop().gate_) {}

void ExecutorHandle::Run(absl::AnyInvocable<void()> work) const {
  const MutexLock lock(gate_->mutex);
  if (gate_->loop != nullptr) gate_->loop->Post(std::move(work));
}

}  // namespace countersign::async
