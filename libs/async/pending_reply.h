#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/async/executor.h"
#include "libs/async/executor_handle.h"
#include "libs/async/suspension.h"

namespace countersign::async {

// The reply of a port to one request, to be awaited on a call's executor. `Result` is an
// absl::Status or an absl::StatusOr. Several requests may be outstanding at once: make them first,
// then await the replies. A reply that is no longer awaited is dropped.
//
//   PendingReply<absl::StatusOr<Decision>> decision(executor);
//   decider.Decide(…, decision.done());
//   const absl::StatusOr<Decision> result = co_await decision.Get(cancellation);
template <typename Result>
class PendingReply {
 public:
  explicit PendingReply(Executor executor)
      : executor_(executor), state_(std::make_shared<State>(ExecutorHandle(executor))) {}

  // The callback to pass to the port. May be called on any thread, before Get, and after this
  // object was destroyed.
  absl::AnyInvocable<void(Result)> done() {
    return [state = state_](Result result) {
      state->executor.Run([state, result = std::move(result)]() mutable {
        state->result.emplace(std::move(result));
        if (state->waiting != nullptr) state->waiting->Wake();
      });
    };
  }

  bool ready() const { return state_->result.has_value(); }

  // Returns the reply, or the cancellation's cause if that comes first. Call it at most once.
  Awaitable<Result> Get(Cancellation& cancellation) {
    if (!ready() && !cancellation.cancelled()) {
      Waiting waiting(*this);
      const Cancellation::Watch watch(cancellation, [&waiting] { waiting.WakeSoon(); });
      co_await waiting;
    }
    if (ready()) co_return *std::move(state_->result);
    co_return cancellation.cause();
  }

  // Returns the reply and ignores cancellation: for replies that must be known before a call may
  // end. Ports reply shortly after their deadline at the latest.
  Awaitable<Result> Get() {
    if (!ready()) {
      Waiting waiting(*this);
      co_await waiting;
    }
    co_return *std::move(state_->result);
  }

  // Returns true when the reply has arrived; false after `limit` or when the call is cancelled.
  Awaitable<bool> WaitUntil(TimePoint limit, Cancellation& cancellation) {
    if (ready() || cancellation.cancelled()) co_return ready();
    Waiting waiting(*this);
    const Cancellation::Watch watch(cancellation, [&waiting] { waiting.WakeSoon(); });
    const std::unique_ptr<Timer> timer = executor_.MakeTimer();
    timer->Start(limit, [&waiting] { waiting.Wake(); });
    co_await waiting;
    co_return ready();
  }

 private:
  // Held by the port, it may outlive the call and its thread; it owns nothing of theirs.
  struct State {
    explicit State(ExecutorHandle handle) : executor(std::move(handle)) {}
    const ExecutorHandle executor;
    std::optional<Result> result;
    Suspension* waiting = nullptr;  // the waiting coroutine
  };
  class Waiting : public Suspension {
   public:
    explicit Waiting(PendingReply& reply)
        : Suspension(reply.executor_), state_(reply.state_.get()) {
      state_->waiting = this;
    }
    ~Waiting() { state_->waiting = nullptr; }

   private:
    State* const state_;
  };

  Executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace countersign::async
