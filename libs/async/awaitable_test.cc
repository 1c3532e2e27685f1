#include "libs/async/awaitable.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "libs/async/pending_reply.h"
#include "libs/async/spawn.h"
#include "libs/async/suspension.h"
#include "libs/async/testing/manual_executor.h"

namespace countersign::async {
namespace {

using testing::ManualExecutor;

// Records that it was destroyed.
class Trace {
 public:
  Trace(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
  ~Trace() { log_.push_back(name_); }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

 private:
  std::vector<std::string>& log_;
  const std::string name_;
};

Awaitable<int> Seven() { co_return 7; }
Awaitable<void> Nothing() { co_return; }
Awaitable<int> Add(Awaitable<int> first, Awaitable<int> second) {
  const int sum = co_await std::move(first);
  co_return sum + co_await std::move(second);
}

TEST_CASE("Awaitable: returns the coroutine's value", "[async]") {
  ManualExecutor executor;
  CHECK(executor.Run(Add(Seven(), Seven())) == 14);
}

TEST_CASE("Awaitable: results need neither a default constructor nor copies", "[async]") {
  struct OnlyMoved {
    explicit OnlyMoved(int number) : value(std::make_unique<int>(number)) {}
    std::unique_ptr<int> value;
  };
  ManualExecutor executor;
  const auto make = []() -> Awaitable<OnlyMoved> { co_return OnlyMoved(3); };
  CHECK(*executor.Run(make())->value == 3);
}

TEST_CASE("Awaitable: nothing runs before it is awaited", "[async]") {
  bool ran = false;
  const auto set = [&ran]() -> Awaitable<int> {
    ran = true;
    co_return 1;
  };
  ManualExecutor executor;
  Awaitable<int> lazy = set();
  CHECK_FALSE(ran);
  CHECK(executor.Run(std::move(lazy)) == 1);
  CHECK(ran);
}

TEST_CASE("Awaitable: one that is never awaited destroys its parameters", "[async]") {
  const auto held = std::make_shared<int>(1);
  const auto hold = [](std::shared_ptr<int>) -> Awaitable<void> { co_return; };
  {
    const Awaitable<void> never = hold(held);
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

// The distance on the stack between `base` and this call.
std::uintptr_t DepthBelow(const char* base) {
  const char here = 0;
  const auto a = reinterpret_cast<std::uintptr_t>(base);
  const auto b = reinterpret_cast<std::uintptr_t>(&here);
  return a > b ? a - b : b - a;
}

Awaitable<void> Deepest(const char* base, std::uintptr_t& deepest) {
  deepest = std::max(deepest, DepthBelow(base));
  co_return;
}

TEST_CASE("Awaitable: children that end at once do not deepen the stack", "[async]") {
  ManualExecutor executor;
  const char base = 0;
  const auto measure = [&base](int children) -> Awaitable<std::uintptr_t> {
    std::uintptr_t deepest = 0;
    for (int i = 0; i < children; ++i) {
      co_await Nothing();
      co_await Deepest(&base, deepest);
    }
    co_return deepest;
  };
  CHECK(executor.Run(measure(1'000'000)) == executor.Run(measure(1)));
}

TEST_CASE("Awaitable: children that suspend do not deepen the stack either", "[async]") {
  ManualExecutor executor;
  std::uintptr_t deepest = 0;
  const char base = 0;
  const auto child = [&]() -> Awaitable<void> {
    Suspension suspension(executor);
    suspension.WakeSoon();
    co_await suspension;
    co_await Deepest(&base, deepest);
  };
  const auto parent = [&](int children) -> Awaitable<int> {
    for (int i = 0; i < children; ++i) co_await child();
    co_return children;
  };
  CHECK(executor.Run(parent(3)) == 3);
  const std::uintptr_t few = deepest;
  CHECK(executor.Run(parent(100'000)) == 100'000);
  CHECK(deepest == few);
}

TEST_CASE("Awaitable: a child woken during its start continues its parent once", "[async]") {
  ManualExecutor executor;
  int after = 0;
  // Suspends, and is resumed during its own start.
  struct WokenInside {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> self) const { self.resume(); }
    void await_resume() const {}
  };
  const auto child = []() -> Awaitable<void> { co_await WokenInside(); };
  const auto parent = [&]() -> Awaitable<int> {
    co_await child();
    co_return ++after;
  };
  CHECK(executor.Run(parent()) == 1);
  CHECK(after == 1);
}

TEST_CASE("Awaitable: an exception reaches the awaiting coroutine", "[async]") {
  ManualExecutor executor;
  const auto fail = []() -> Awaitable<int> {
    throw std::runtime_error("broken");
    co_return 1;
  };
  const auto pass_on = [&]() -> Awaitable<int> { co_return co_await fail(); };
  CHECK_THROWS_WITH(executor.Run(pass_on()), "broken");
}

TEST_CASE("Awaitable: an exception after a suspension reaches the awaiting coroutine", "[async]") {
  ManualExecutor executor;
  const auto fail = [&]() -> Awaitable<void> {
    Suspension suspension(executor);
    suspension.WakeSoon();
    co_await suspension;
    throw std::runtime_error("late");
  };
  const auto pass_on = [&]() -> Awaitable<int> {
    co_await fail();
    co_return 1;
  };
  CHECK_THROWS_WITH(executor.Run(pass_on()), "late");
}

TEST_CASE("Awaitable: destroying a suspended chain destroys it innermost first", "[async]") {
  std::vector<std::string> log;
  {
    ManualExecutor executor;
    const auto inner = [&]() -> Awaitable<void> {
      const Trace trace(log, "inner");
      Suspension never(executor);
      co_await never;
    };
    const auto outer = [&]() -> Awaitable<void> {
      const Trace trace(log, "outer");
      co_await inner();
    };
    Spawn(executor, outer());
    executor.RunReady();
    CHECK(log.empty());
  }
  CHECK(log == std::vector<std::string>{"inner", "outer"});
}

TEST_CASE("Awaitable: assignment destroys the previous coroutine", "[async]") {
  const auto held = std::make_shared<int>(1);
  const auto hold = [](std::shared_ptr<int>) -> Awaitable<void> { co_return; };
  Awaitable<void> target = hold(held);
  target = Nothing();
  CHECK(held.use_count() == 1);
}

TEST_CASE("Spawn: runs later, in order, and reports the end", "[async]") {
  ManualExecutor executor;
  std::vector<std::string> log;
  const auto say = [&](const char* what) -> Awaitable<void> {
    log.emplace_back(what);
    co_return;
  };
  Spawn(executor, say("first"), [&](std::exception_ptr thrown) {
    CHECK(thrown == nullptr);
    log.emplace_back("done");
  });
  Spawn(executor, say("second"));
  CHECK(log.empty());
  executor.RunReady();
  CHECK(log == std::vector<std::string>{"first", "done", "second"});
}

TEST_CASE("Spawn: passes on the exception", "[async]") {
  ManualExecutor executor;
  const auto fail = []() -> Awaitable<void> {
    throw std::runtime_error("broken");
    co_return;
  };
  std::exception_ptr seen;
  Spawn(executor, fail(), [&](std::exception_ptr thrown) { seen = thrown; });
  executor.RunReady();
  CHECK_THROWS_WITH(std::rethrow_exception(seen), "broken");
}

TEST_CASE("Spawn: the frame is destroyed before on_done is called", "[async]") {
  ManualExecutor executor;
  std::vector<std::string> log;
  const auto traced = [&]() -> Awaitable<void> {
    const Trace trace(log, "frame");
    co_return;
  };
  Spawn(executor, traced(), [&](std::exception_ptr) { log.emplace_back("done"); });
  executor.RunReady();
  CHECK(log == std::vector<std::string>{"frame", "done"});
}

TEST_CASE("Spawn: captures of on_done outlive a frame that the loop destroys", "[async]") {
  std::vector<std::string> log;
  {
    ManualExecutor executor;
    const auto wait = [](std::vector<std::string>& to, ManualExecutor& on) -> Awaitable<void> {
      const Trace trace(to, "frame");
      Suspension never(on);
      co_await never;
    };
    Spawn(executor, wait(log, executor),
          [held = std::make_shared<Trace>(log, "held")](std::exception_ptr) {});
    executor.RunReady();
  }
  CHECK(log == std::vector<std::string>{"frame", "held"});
}

TEST_CASE("Spawn: a coroutine that never started is destroyed with the loop", "[async]") {
  const auto held = std::make_shared<int>(1);
  const auto hold = [](std::shared_ptr<int>) -> Awaitable<void> { co_return; };
  {
    ManualExecutor executor;
    Spawn(executor, hold(held));
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("Spawn: ended coroutines leave the loop, others are destroyed with it", "[async]") {
  const auto held = std::make_shared<int>(1);
  {
    ManualExecutor executor;
    std::vector<Suspension*> waiting;
    const auto wait = [&](std::shared_ptr<int>) -> Awaitable<void> {
      Suspension suspension(executor);
      waiting.push_back(&suspension);
      co_await suspension;
    };
    for (int i = 0; i < 9; ++i) Spawn(executor, wait(held));
    executor.RunReady();
    for (const std::size_t i : {0u, 4u, 8u}) waiting[i]->Wake();
    CHECK(held.use_count() == 7);
  }
  CHECK(held.use_count() == 1);
}

}  // namespace
}  // namespace countersign::async
