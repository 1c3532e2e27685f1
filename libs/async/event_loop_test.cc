#include "libs/async/event_loop.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "libs/async/condition.h"
#include "libs/async/executor_handle.h"
#include "libs/async/spawn.h"
#include "libs/async/testing/manual_executor.h"

namespace countersign::async {
namespace {

using testing::ManualExecutor;

TEST_CASE("ExecutorHandle: runs work from any thread on the loop", "[async]") {
  ManualExecutor loop;
  const ExecutorHandle handle{Executor(loop)};
  std::thread::id ran_on;
  std::thread([&] { handle.Run([&] { ran_on = std::this_thread::get_id(); }); }).join();
  CHECK(ran_on == std::thread::id());
  loop.RunReady();
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("ExecutorHandle: work for a destroyed loop is dropped", "[async]") {
  std::optional<ExecutorHandle> handle;
  {
    ManualExecutor loop;
    handle.emplace(loop);
  }
  const auto held = std::make_shared<int>(1);
  handle->Run([held] { FAIL(); });
  CHECK(held.use_count() == 1);
}

TEST_CASE("ExecutorHandle: many threads post while the loop is destroyed", "[async]") {
  std::optional<ManualExecutor> loop;
  loop.emplace();
  const ExecutorHandle handle{Executor(*loop)};
  const auto held = std::make_shared<int>(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([handle, held] {
      for (int n = 0; n < 1000; ++n) handle.Run([held] {});
    });
  }
  loop->RunReady();
  loop.reset();
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  CHECK(held.use_count() == 1);
}

TEST_CASE("Executor: After saturates at the largest time", "[async]") {
  ManualExecutor loop;
  const Executor executor(loop);
  CHECK(executor.After(absl::InfiniteDuration()) == TimePoint::max());
  CHECK(executor.After(absl::Hours(24 * 365 * 500)) == TimePoint::max());
  CHECK(executor.After(absl::Seconds(1)) - executor.Now() == std::chrono::seconds(1));
  CHECK(executor.After(-absl::Seconds(1)) < executor.Now());
}

TEST_CASE("ManualExecutor: timers expire in their order, each at its own time", "[async]") {
  ManualExecutor loop;
  const Executor executor(loop);
  const TimePoint begin = executor.Now();
  std::vector<std::chrono::seconds> expired;
  const auto note = [&] {
    expired.push_back(std::chrono::duration_cast<std::chrono::seconds>(loop.Now() - begin));
  };
  const auto late = executor.MakeTimer(), early = executor.MakeTimer();
  late->Start(executor.After(absl::Seconds(2)), note);
  early->Start(executor.After(absl::Seconds(1)), [&] {
    note();
    early->Start(executor.After(absl::Seconds(4)), note);  // at 5
  });
  loop.Advance(absl::Seconds(3));
  CHECK(expired ==
        std::vector<std::chrono::seconds>{std::chrono::seconds(1), std::chrono::seconds(2)});
  CHECK(loop.timers() == 1);
  loop.Advance(absl::Seconds(2));
  CHECK(expired.size() == 3);
}

TEST_CASE("Timer: on_expiry is not called after Cancel, another Start or destruction", "[async]") {
  ManualExecutor loop;
  const Executor executor(loop);
  int expired = 0;
  const auto cancelled = executor.MakeTimer(), again = executor.MakeTimer();
  auto destroyed = executor.MakeTimer();
  const TimePoint soon = executor.After(absl::Seconds(1));
  cancelled->Start(soon, [&] { FAIL(); });
  again->Start(soon, [&] { FAIL(); });
  destroyed->Start(soon, [&] { FAIL(); });
  cancelled->Cancel();
  again->Start(soon, [&] { ++expired; });
  destroyed.reset();
  loop.Advance(absl::Seconds(2));
  CHECK(expired == 1);
  CHECK(loop.timers() == 0);
}

TEST_CASE("Condition: a notification or the timeout ends a wait", "[async]") {
  ManualExecutor loop;
  Condition condition(loop);
  const auto wait = [&](absl::Duration timeout) -> Awaitable<bool> {
    const TimePoint limit = Executor(loop).After(timeout);
    co_await condition.WaitFor(timeout);
    co_return loop.Now() < limit;
  };
  std::optional<bool> notified;
  const auto note = [&]() -> Awaitable<void> { notified = co_await wait(absl::Seconds(5)); };
  condition.Notify();  // without a waiter it has no effect
  Spawn(loop, note());
  loop.RunReady();
  CHECK_FALSE(notified.has_value());
  SECTION("notified") {
    condition.Notify();
    CHECK_FALSE(notified.has_value());  // later, not within the call
    condition.Notify();
    loop.RunReady();
    CHECK(notified == true);
    CHECK(loop.timers() == 0);
    notified.reset();
    Spawn(loop, note());  // and again
    loop.Advance(absl::Seconds(5));
    CHECK(notified == false);
  }
  SECTION("timed out") {
    loop.Advance(absl::Seconds(5));
    CHECK(notified == false);
  }
  SECTION("both at once") {
    const auto first = Executor(loop).MakeTimer();
    first->Start(Executor(loop).After(absl::Seconds(4)), [&] { condition.Notify(); });
    loop.Advance(absl::Seconds(9));
    CHECK(notified == true);
  }
}

}  // namespace
}  // namespace countersign::async
