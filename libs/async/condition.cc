#include "libs/async/condition.h"

namespace countersign::async {

Awaitable<void> Condition::WaitFor(absl::Duration timeout) {
  struct Waiting : Suspension {
    explicit Waiting(Condition& condition) : Suspension(condition.executor_), of(condition) {
      of.waiting_ = this;
    }
    ~Waiting() {
      if (of.waiting_ == this) of.waiting_ = nullptr;
      of.timer_->Cancel();
    }
    Condition& of;
  };
  if (timer_ == nullptr) timer_ = executor_.MakeTimer();
  Waiting waiting(*this);
  timer_->Start(executor_.After(timeout), [&waiting] { waiting.Wake(); });
  co_await waiting;
}

}  // namespace countersign::async
