#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "libs/async/event_loop.h"

namespace countersign::http {

// An EventLoop over an io_context, run by one thread.
class IoLoop final : public async::EventLoop {
 public:
  IoLoop() = default;
  ~IoLoop() override { Close(); }

  async::TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  void Post(absl::AnyInvocable<void()> work) override;
  std::unique_ptr<async::Timer> MakeTimer() override;

  // The context for sockets and resolvers. Their operations are awaited with kAwait.
  boost::asio::io_context& context() { return context_; }

  void Run();   // until Stop
  void Stop();  // thread-safe; drops unfinished work

 private:
  boost::asio::io_context context_{1};
};

}  // namespace countersign::http
