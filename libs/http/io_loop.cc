#include "libs/http/io_loop.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <utility>

namespace countersign::http {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using AsioTimer =
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type>;

class IoTimer final : public async::Timer {
 public:
  explicit IoTimer(asio::io_context& context) : timer_(context) {}
  ~IoTimer() override { Cancel(); }

  void Start(async::TimePoint when, absl::AnyInvocable<void()> on_expiry) override {
    state_->on_expiry = std::move(on_expiry);
    const std::uint64_t round = ++state_->round;
    timer_.expires_at(when);
    timer_.async_wait([state = state_, round](const boost::system::error_code& error) {
      // A timer callback that is already queued can no longer be cancelled; `round` shows that it
      // is stale.
      if (error || state->round != round) return;
      ++state->round;
      absl::AnyInvocable<void()> expired = std::move(state->on_expiry);
      expired();
    });
  }

  void Cancel() override {
    ++state_->round;
    state_->on_expiry = nullptr;
    timer_.cancel();
  }

 private:
  struct State {
    absl::AnyInvocable<void()> on_expiry;
    std::uint64_t round = 0;  // incremented by Start and Cancel
  };
  AsioTimer timer_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

void IoLoop::Post(absl::AnyInvocable<void()> work) { asio::post(context_, std::move(work)); }

std::unique_ptr<async::Timer> IoLoop::MakeTimer() { return std::make_unique<IoTimer>(context_); }

void IoLoop::Run() {
  const auto work = asio::make_work_guard(context_);
  context_.run();
}

void IoLoop::Stop() { context_.stop(); }

}  // namespace countersign::http
