#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace countersign::async {

template <typename T>
class Awaitable;

namespace internal {

class Spawner;

// The common part of coroutine frames: the awaiting coroutine and the exception thrown.
class PromiseBase {
 public:
  PromiseBase() = default;
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;

  // Resumes the parent, unless the parent has not suspended yet.
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      const PromiseBase& promise = self.promise();
      if (promise.starting_) return std::noop_coroutine();
      return promise.parent_;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  // Runs the coroutine until it suspends (returns true; it resumes `parent` at its end) or ends
  // (returns false). A coroutine that ends without suspending returns to here, so a parent that
  // awaits any number of such coroutines does not deepen the stack, with or without tail calls.
  bool Start(std::coroutine_handle<> self, std::coroutine_handle<> parent) {
    parent_ = parent;
    starting_ = true;
    self.resume();
    starting_ = false;
    return !self.done();
  }

  const std::exception_ptr& exception() const noexcept { return exception_; }

 private:
  std::coroutine_handle<> parent_;
  std::exception_ptr exception_;
  bool starting_ = false;
};

template <typename T>
class Promise final : public PromiseBase {
 public:
  Awaitable<T> get_return_object() noexcept;
  template <typename U = T>
  void return_value(U&& value) {
    if constexpr (kBoxed) {
      value_ = std::make_unique<T>(std::forward<U>(value));
    } else {
      value_.emplace(std::forward<U>(value));
    }
  }
  T Take() {
    if (exception() != nullptr) std::rethrow_exception(exception());
    return std::move(*value_);
  }

 private:
  // Large results are boxed: calls wait for long in many nested coroutines, and each frame would
  // have room for a result that it does not have yet.
  static constexpr bool kBoxed = sizeof(T) > 64;
  std::conditional_t<kBoxed, std::unique_ptr<T>, std::optional<T>> value_;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
  Awaitable<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void Take() const {
    if (exception() != nullptr) std::rethrow_exception(exception());
  }
};

}  // namespace internal

// A lazy coroutine that returns a T, or void. It starts when it is awaited, which happens at most
// once, and always runs on the thread of the event loop that its root was spawned on (spawn.h):
//
//   Awaitable<int> Sum(Awaitable<int> first) { co_return 1 + co_await std::move(first); }
//
// Reference parameters must outlive the coroutine, and so must a lambda that is a coroutine,
// because captures stay in the lambda. Destroying an Awaitable, started or not, destroys its frame
// and, innermost first, everything that it awaits. A function that the coroutine itself called must
// not destroy it. Errors are returned as values; an exception is rethrown to the awaiting
// coroutine.
template <typename T>
class [[nodiscard]] Awaitable {
  static_assert(!std::is_reference_v<T>, "return a pointer");

 public:
  using promise_type = internal::Promise<T>;

  Awaitable(Awaitable&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Awaitable& operator=(Awaitable&& other) noexcept {
    if (this != &other) {
      Destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~Awaitable() { Destroy(); }

  auto operator co_await() && noexcept {
    struct Awaiter : Begin {
      T await_resume() const { return this->frame.promise().Take(); }
    };
    return Awaiter{{frame_}};
  }

 private:
  friend promise_type;
  friend internal::Spawner;
  using Frame = std::coroutine_handle<promise_type>;

  struct Begin {
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) const {
      return frame.promise().Start(frame, parent);
    }
    Frame frame;
  };

  explicit Awaitable(Frame frame) noexcept : frame_(frame) {}

  // Awaits the end; returns the exception, or null.
  auto Ended() noexcept {
    struct Awaiter : Begin {
      std::exception_ptr await_resume() const { return this->frame.promise().exception(); }
    };
    return Awaiter{{frame_}};
  }

  void Destroy() noexcept {
    if (frame_) frame_.destroy();
  }

  Frame frame_;
};

namespace internal {

template <typename T>
Awaitable<T> Promise<T>::get_return_object() noexcept {
  return Awaitable<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Awaitable<void> Promise<void>::get_return_object() noexcept {
  return Awaitable<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace internal
}  // namespace countersign::async
