#include "libs/async/side_task.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "libs/async/condition.h"
#include "libs/async/sleep.h"
#include "libs/async/testing/manual_executor.h"

namespace countersign::async {
namespace {

using testing::ManualExecutor;

struct Note {
  std::string& text;
  ~Note() { text += "destroyed"; }
};

Awaitable<void> WaitThenNote(Executor executor, std::string& text) {
  const Note note{text};
  text += "started ";
  co_await Sleep(executor, absl::Seconds(1));
  text += "ended ";
}

TEST_CASE("SideTask: starts soon, and runs to its end", "[async]") {
  ManualExecutor loop;
  std::string text;
  const SideTask task(loop, WaitThenNote(loop, text));
  CHECK(text.empty());
  loop.Advance(absl::Seconds(1));
  CHECK(text == "started ended destroyed");
}

TEST_CASE("SideTask: is destroyed with its owner", "[async]") {
  ManualExecutor loop;
  std::string text;
  std::optional<SideTask> task;
  task.emplace(loop, WaitThenNote(loop, text));
  SECTION("before it has started") {
    task.reset();
    loop.RunReady();
    CHECK(text.empty());
  }
  SECTION("while it waits") {
    loop.RunReady();
    task.reset();
    CHECK(text == "started destroyed");
  }
}

Awaitable<void> Give(Condition& given, int& value) {
  value = 7;
  given.Notify();
  co_return;
}

Awaitable<int> Take(Executor executor) {
  Condition given(executor);
  int value = 0;
  const SideTask task(executor, Give(given, value));
  while (value == 0) co_await given.WaitFor(absl::InfiniteDuration());
  co_return value;
}

TEST_CASE("SideTask: gives its owner what it waits for", "[async]") {
  ManualExecutor loop;
  CHECK(loop.Run(Take(loop)) == 7);
}

TEST_CASE("SideTask: the loop may be destroyed while both wait", "[async]") {
  std::string text;
  {
    ManualExecutor loop;
    loop.Run([](Executor executor, std::string& noted) -> Awaitable<int> {
      const SideTask task(executor, WaitThenNote(executor, noted));
      co_await Sleep(executor, absl::Seconds(5));
      co_return 1;
    }(loop, text));
  }
  CHECK(text == "started destroyed");
}

}  // namespace
}  // namespace countersign::async
