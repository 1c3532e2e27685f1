#include "libs/async/stop_signal.h"

#include <catch2/catch.hpp>
#include <optional>

#include "libs/async/testing/manual_executor.h"

namespace countersign::async {
namespace {

TEST_CASE("StopSignal: each watch is called once, on its own executor", "[async]") {
  testing::ManualExecutor first, second;
  StopSignal signal;
  int told_first = 0, told_second = 0;
  const StopSignal::Watch a(signal, first, [&] { ++told_first; });
  const StopSignal::Watch b(signal, second, [&] { ++told_second; });
  CHECK_FALSE(signal.stopped());
  signal.Stop();
  signal.Stop();
  CHECK(signal.stopped());
  CHECK(told_first == 0);  // not on the stopping thread
  first.RunReady();
  CHECK(told_first == 1);
  CHECK(told_second == 0);
  second.RunReady();
  CHECK(told_second == 1);
}

TEST_CASE("StopSignal: a watch that ended is not called, even if the call was already posted",
          "[async]") {
  testing::ManualExecutor executor;
  StopSignal signal;
  bool told = false;
  std::optional<StopSignal::Watch> before, between;
  before.emplace(signal, executor, [&] { told = true; });
  between.emplace(signal, executor, [&] { told = true; });
  before.reset();
  signal.Stop();
  between.reset();
  executor.RunReady();
  CHECK_FALSE(told);
}

TEST_CASE("StopSignal: a watch constructed after Stop is called", "[async]") {
  testing::ManualExecutor executor;
  StopSignal signal;
  signal.Stop();
  bool told = false;
  const StopSignal::Watch late(signal, executor, [&] { told = true; });
  CHECK_FALSE(told);
  executor.RunReady();
  CHECK(told);
  CHECK(signal.stopped());
}

}  // namespace
}  // namespace countersign::async
