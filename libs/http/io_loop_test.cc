#include "libs/http/io_loop.h"

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "libs/async/executor_handle.h"
#include "libs/async/pending_reply.h"
#include "libs/async/sleep.h"
#include "libs/async/spawn.h"
#include "libs/http/await_operation.h"
#include "libs/http/testing/http_testing.h"
#include "libs/http/workers.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::Run;
using testing::Signal;

// A connected pair of sockets on `loop`.
struct Pair {
  explicit Pair(IoLoop& loop)
      : acceptor(loop.context(), tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
        socket(loop.context()),
        peer(loop.context()) {
    socket.connect(acceptor.local_endpoint());
    acceptor.accept(peer);
  }
  tcp::acceptor acceptor;
  tcp::socket socket, peer;
};

TEST_CASE("IoLoop: posted work runs on its thread, in order", "[http]") {
  Workers workers(2);
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  Signal done;
  for (int i = 0; i < 3; ++i) {
    workers.executor(1).Post([&, i] {
      order.push_back(i);
      threads.push_back(std::this_thread::get_id());
      if (i == 2) done.Set();
    });
  }
  REQUIRE(done.Wait());
  CHECK(order == std::vector<int>{0, 1, 2});
  CHECK(threads[0] == threads[2]);
  CHECK(threads[0] != std::this_thread::get_id());
}

TEST_CASE("IoLoop: work that a stopped loop has not run is dropped", "[http]") {
  const auto held = std::make_shared<int>(1);
  {
    IoLoop loop;
    loop.Post([held] { FAIL(); });
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("IoLoop: handles that outlive the loop drop their work", "[http]") {
  std::optional<async::ExecutorHandle> handle;
  {
    Workers workers(1);
    handle.emplace(workers.executor(0));
    Signal ran;
    handle->Run([&] { ran.Set(); });
    REQUIRE(ran.Wait());
  }
  const auto held = std::make_shared<int>(1);
  handle->Run([held] { FAIL(); });
  CHECK(held.use_count() == 1);
}

TEST_CASE("IoLoop: a timer that was cancelled after it expired is not called", "[http]") {
  Workers workers(1);
  const bool called = Run(workers.executor(0), [&]() -> async::Awaitable<bool> {
    const async::Executor executor = workers.executor(0);
    bool late = false;
    const auto first = executor.MakeTimer(), second = executor.MakeTimer();
    const async::TimePoint now = executor.Now();
    // Both expire in one turn of the loop; the first cancels the second.
    first->Start(now, [&] { second->Cancel(); });
    second->Start(now, [&] { late = true; });
    co_await async::Sleep(executor, absl::Milliseconds(5));
    co_return late;
  });
  CHECK_FALSE(called);
}

TEST_CASE("IoLoop: replies from other threads wake their coroutine on the loop", "[http]") {
  Workers workers(1);
  std::thread asking;
  const bool same = Run(workers.executor(0), [&]() -> async::Awaitable<bool> {
    const std::thread::id mine = std::this_thread::get_id();
    async::PendingReply<absl::Status> reply(workers.executor(0));
    asking = std::thread([done = reply.done()]() mutable { done(absl::OkStatus()); });
    const absl::Status status = co_await reply.Get();
    co_return status.ok() && std::this_thread::get_id() == mine;
  });
  asking.join();
  CHECK(same);
}

TEST_CASE("kAwait: returns the handler's arguments", "[http]") {
  Workers workers(1);
  const std::string read = Run(workers.executor(0), [&]() -> async::Awaitable<std::string> {
    Pair pair(workers.at(0));
    asio::write(pair.peer, asio::buffer("abc", 3));
    char data[8];
    const auto [error, count] = co_await pair.socket.async_read_some(asio::buffer(data), kAwait);
    if (error) co_return error.message();
    pair.peer.close();
    const auto [ended, none] = co_await pair.socket.async_read_some(asio::buffer(data), kAwait);
    co_return ended == asio::error::eof&& none == 0 ? std::string(data, count) : "no end";
  });
  CHECK(read == "abc");
}

TEST_CASE("kAwait: a coroutine destroyed during an operation is not resumed", "[http]") {
  Workers workers(1);
  const bool resumed = Run(workers.executor(0), [&]() -> async::Awaitable<bool> {
    Pair pair(workers.at(0));
    bool after = false;
    char data[8];
    const auto read = [&]() -> async::Awaitable<void> {
      co_await pair.socket.async_read_some(asio::buffer(data), kAwait);
      after = true;
    };
    {
      // Owns the coroutine on a separate loop, which is destroyed while the socket's loop runs.
      struct Owner final : async::EventLoop {
        explicit Owner(IoLoop& loop) : io(loop) {}
        ~Owner() override { Close(); }
        async::TimePoint Now() const override { return io.Now(); }
        void Post(absl::AnyInvocable<void()> work) override { io.Post(std::move(work)); }
        std::unique_ptr<async::Timer> MakeTimer() override { return io.MakeTimer(); }
        IoLoop& io;
      };
      Owner owner(workers.at(0));
      async::Spawn(owner, read());
      co_await async::Sleep(workers.executor(0), absl::Milliseconds(1));
    }
    asio::write(pair.peer, asio::buffer("abc", 3));
    co_await async::Sleep(workers.executor(0), absl::Milliseconds(5));
    co_return after;
  });
  CHECK_FALSE(resumed);
}

TEST_CASE("IoLoop: coroutines that wait for the network are destroyed with it", "[http]") {
  const auto held = std::make_shared<int>(1);
  {
    Workers workers(1);
    Signal waiting;
    const auto wait = [&](std::shared_ptr<int>) -> async::Awaitable<void> {
      Pair pair(workers.at(0));
      char data[8];
      waiting.Set();
      co_await pair.socket.async_read_some(asio::buffer(data), kAwait);
    };
    async::Spawn(workers.executor(0), wait(held));
    REQUIRE(waiting.Wait());
    workers.Stop();
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

}  // namespace
}  // namespace countersign::http
