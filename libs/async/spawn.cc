#include "libs/async/spawn.h"

#include <optional>
#include <utility>

namespace countersign::async {
namespace internal {
namespace {

using OnDone = absl::AnyInvocable<void(std::exception_ptr)>;

}  // namespace

class Spawner {
 public:
  // The root of a chain of coroutines. Its frame is destroyed at its end.
  struct Root {
    struct promise_type : Spawned {
      Root get_return_object() { return Root{Frame::from_promise(*this)}; }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      std::suspend_never final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      void unhandled_exception() const noexcept { std::terminate(); }
    };
    using Frame = std::coroutine_handle<promise_type>;
    Frame frame;
  };

  static Root RunToEnd(Awaitable<void> work, OnDone on_done) {
    std::exception_ptr thrown;
    {
      Awaitable<void> running = std::move(work);  // destroyed before the captures of `on_done`
      thrown = co_await running.Ended();
    }
    if (on_done) {
      on_done(std::move(thrown));
    } else if (thrown != nullptr) {
      std::rethrow_exception(std::move(thrown));
    }
  }

  // The posted work: starts the root, or destroys it when the work is dropped.
  class Beginning {
   public:
    Beginning(EventLoop& loop, Root root) : loop_(&loop), frame_(root.frame) {}
    Beginning(Beginning&& other) noexcept
        : loop_(other.loop_), frame_(std::exchange(other.frame_, nullptr)) {}
    Beginning& operator=(Beginning&&) = delete;
    ~Beginning() {
      if (frame_) frame_.destroy();
    }
    void operator()() {
      const Root::Frame frame = std::exchange(frame_, nullptr);
      frame.promise().frame = frame;
      frame.promise().LinkBefore(loop_->spawned_);
      frame.resume();
    }

   private:
    EventLoop* loop_;
    Root::Frame frame_;
  };
};

}  // namespace internal

void Spawn(Executor executor, Awaitable<void> work, internal::OnDone on_done) {
  executor.Post(internal::Spawner::Beginning(
      executor.loop(), internal::Spawner::RunToEnd(std::move(work), std::move(on_done))));
}

}  // namespace countersign::async
