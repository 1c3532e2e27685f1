#pragma once

#include <boost/asio/async_result.hpp>
#include <coroutine>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace countersign::http {

// Makes Asio's operations awaitable in our coroutines. The result is a tuple of the handler's
// arguments, the error code first; the coroutine continues on the thread of the object's
// io_context:
//
//   const auto [error, count] = co_await socket.async_read_some(buffer, kAwait);
//
// If the coroutine is destroyed meanwhile, the operation's result is dropped. Asio uses its buffers
// and its object until it completes, so their owner must close the object first.
struct AwaitOperation {};
inline constexpr AwaitOperation kAwait;

namespace internal {

template <typename Initiation, typename Arguments, typename... Results>
class OperationAwaiter {
 public:
  // The handler that Asio stores, moves and finally calls or drops. Handler and awaiter point to
  // each other.
  class Handler {
   public:
    explicit Handler(OperationAwaiter& awaiter) : awaiter_(&awaiter) { awaiter.handler_ = this; }
    Handler(Handler&& other) noexcept : awaiter_(std::exchange(other.awaiter_, nullptr)) {
      if (awaiter_ != nullptr) awaiter_->handler_ = this;
    }
    Handler& operator=(Handler&&) = delete;
    ~Handler() {
      if (awaiter_ != nullptr) awaiter_->handler_ = nullptr;
    }
    void operator()(Results... results) {
      if (awaiter_ == nullptr) return;
      OperationAwaiter& awaiter = *std::exchange(awaiter_, nullptr);
      awaiter.handler_ = nullptr;
      awaiter.results_.emplace(std::move(results)...);
      awaiter.coroutine_.resume();
    }

   private:
    friend OperationAwaiter;
    OperationAwaiter* awaiter_;
  };

  OperationAwaiter(Initiation initiation, Arguments arguments)
      : initiation_(std::move(initiation)), arguments_(std::move(arguments)) {}
  ~OperationAwaiter() {
    if (handler_ != nullptr) handler_->awaiter_ = nullptr;
  }
  OperationAwaiter(const OperationAwaiter&) = delete;
  OperationAwaiter& operator=(const OperationAwaiter&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    coroutine_ = coroutine;
    std::apply(
        [this](auto&... arguments) {
          std::move(initiation_)(Handler(*this), std::move(arguments)...);
        },
        arguments_);
  }
  std::tuple<Results...> await_resume() { return *std::move(results_); }

 private:
  Initiation initiation_;
  Arguments arguments_;
  std::coroutine_handle<> coroutine_;
  Handler* handler_ = nullptr;
  std::optional<std::tuple<Results...>> results_;
};

}  // namespace internal
}  // namespace countersign::http

template <typename R, typename... Results>
class boost::asio::async_result<countersign::http::AwaitOperation, R(Results...)> {
 public:
  template <typename Initiation, typename... Arguments>
  static auto initiate(Initiation&& initiation, countersign::http::AwaitOperation,
                       Arguments&&... arguments) {
    return countersign::http::internal::OperationAwaiter<
        std::decay_t<Initiation>, std::tuple<std::decay_t<Arguments>...>, std::decay_t<Results>...>(
        std::forward<Initiation>(initiation),
        std::tuple<std::decay_t<Arguments>...>(std::forward<Arguments>(arguments)...));
  }
};
