#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "libs/async/cancellation.h"
#include "libs/async/executor.h"
#include "libs/async/executor_handle.h"

namespace countersign::async {

template <typename T>
using Awaitable = boost::asio::awaitable<T>;

// The answer of a port to one question, to be awaited on the executor of a call. `Result` is an
// absl::Status or an absl::StatusOr. Ask first, await later: several can be under way at once.
// An answer that nobody awaits any more is dropped.
//
//   PendingReply<absl::StatusOr<Decision>> decision(executor);
//   decider.Decide(…, decision.done());
//   const absl::StatusOr<Decision> result = co_await decision.Get(stop);
template <typename Result>
class PendingReply {
 public:
  explicit PendingReply(Executor executor)
      : executor_(executor), state_(std::make_shared<State>(ExecutorHandle(std::move(executor)))) {}

  // What the port is given. May be called on any thread, before Get too, and when nobody is left to
  // hear it.
  absl::AnyInvocable<void(Result)> done() {
    return [state = state_](Result result) {
      state->way.Run([state, result = std::move(result)]() mutable {
        state->result.emplace(std::move(result));
        if (state->wake != nullptr) state->wake->cancel();
      });
    };
  }

  bool ready() const { return state_->result.has_value(); }

  // The answer, or why `stop` was requested if that comes first. At most once.
  Awaitable<Result> Get(Cancellation& cancellation) {
    co_await WaitUntil(Clock::time_point::max(), cancellation);
    if (ready()) co_return *std::move(state_->result);
    co_return cancellation.cause();
  }

  // The answer, whatever happens meanwhile: for what must be known before a call may end. The port
  // answers soon after its deadline.
  Awaitable<Result> Get() {
    Cancellation never;
    co_return co_await Get(never);
  }

  // True when the answer has come; false when `limit` has passed, or `stop` was requested.
  using Clock = std::chrono::steady_clock;
  Awaitable<bool> WaitUntil(Clock::time_point limit, Cancellation& cancellation) {
    if (ready() || cancellation.cancelled()) co_return ready();
    boost::asio::steady_timer wake(executor_);
    const Waiting waiting(*state_, wake);
    const Cancellation::Watch watch(cancellation, [&wake] { wake.cancel(); });
    wake.expires_at(limit);
    co_await wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return ready();
  }

 private:
  // Outlives the call, and its thread, in the hands of a port: it owns nothing of theirs.
  struct State {
    explicit State(ExecutorHandle path) : way(std::move(path)) {}
    const ExecutorHandle way;
    std::optional<Result> result;
    boost::asio::steady_timer* wake = nullptr;  // of whoever waits now
  };
  struct Waiting {
    Waiting(State& of, boost::asio::steady_timer& timer) : state(of) { state.wake = &timer; }
    ~Waiting() { state.wake = nullptr; }
    State& state;
  };

  Executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace countersign::async
