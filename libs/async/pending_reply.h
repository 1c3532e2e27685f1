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

// The reply of a port to one question, to be awaited on the executor of a call. `Result` is an
// absl::Status or an absl::StatusOr. Ask first, await later: several can be under way at once.
// A reply that nobody awaits any more is dropped.
//
//   PendingReply<absl::StatusOr<Decision>> decision(executor);
//   decider.Decide(…, decision.done());
//   const absl::StatusOr<Decision> result = co_await decision.Get(cancellation);
template <typename Result>
class PendingReply {
 public:
  explicit PendingReply(Executor executor)
      : executor_(executor), state_(std::make_shared<State>(ExecutorHandle(executor))) {}

  // What the port is given. May be called on any thread, before Get too, and when nobody is left to
  // hear it.
  absl::AnyInvocable<void(Result)> done() {
    return [state = state_](Result result) {
      state->executor.Run([state, result = std::move(result)]() mutable {
        state->result.emplace(std::move(result));
        if (state->waiting != nullptr) state->waiting->Wake();
      });
    };
  }

  bool ready() const { return state_->result.has_value(); }

  // The reply, or why the call was cancelled if that comes first. At most once.
  Awaitable<Result> Get(Cancellation& cancellation) {
    if (!ready() && !cancellation.cancelled()) {
      Waiting waiting(*this);
      const Cancellation::Watch watch(cancellation, [&waiting] { waiting.WakeSoon(); });
      co_await waiting;
    }
    if (ready()) co_return *std::move(state_->result);
    co_return cancellation.cause();
  }

  // The reply, whatever happens meanwhile: for what must be known before a call may end. The port
  // replies soon after its deadline.
  Awaitable<Result> Get() {
    if (!ready()) {
      Waiting waiting(*this);
      co_await waiting;
    }
    co_return *std::move(state_->result);
  }

  // True when the reply has come; false when `limit` has passed, or the call was cancelled.
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
  // Outlives the call, and its thread, in the hands of a port: it owns nothing of theirs.
  struct State {
    explicit State(ExecutorHandle handle) : executor(std::move(handle)) {}
    const ExecutorHandle executor;
    std::optional<Result> result;
    Suspension* waiting = nullptr;  // whoever waits now
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
