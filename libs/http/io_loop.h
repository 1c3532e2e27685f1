#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "libs/async/event_loop.h"

namespace countersign::http {

// An event loop over an io_context, run by one thread.
class IoLoop final : public async::EventLoop {
 public:
  IoLoop() = default;
  ~IoLoop() override { Close(); }

  async::TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  void Post(absl::AnyInvocable<void()> work) override;
  std::unique_ptr<async::Timer> MakeTimer() override;

  // What sockets and resolvers are made with. Their operations are awaited with kAwait.
  boost::asio::io_context& context() { return context_; }

  void Run();   // until Stop
  void Stop();  // thread-safe; what is not finished then is dropped

 private:
  boost::asio::io_context context_{1};
};

}  // namespace countersign::http
