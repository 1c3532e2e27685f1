#include "libs/async/sleep.h"

#include <catch2/catch.hpp>
#include <optional>

#include "libs/async/spawn.h"
#include "libs/async/testing/manual_executor.h"

namespace countersign::async {
namespace {

using testing::ManualExecutor;

Awaitable<void> Note(Awaitable<void> awaited, bool& over) {
  co_await std::move(awaited);
  over = true;
}

TEST_CASE("Sleep: ends when its time has passed", "[async]") {
  ManualExecutor loop;
  bool over = false;
  Spawn(loop, Note(Sleep(loop, absl::Seconds(2)), over));
  loop.Advance(absl::Seconds(1));
  CHECK_FALSE(over);
  loop.Advance(absl::Seconds(1));
  CHECK(over);
}

TEST_CASE("Sleep: returns at once when the call is cancelled", "[async]") {
  ManualExecutor loop;
  Cancellation cancellation;
  bool over = false;
  SECTION("cancelled before") { cancellation.Cancel(absl::CancelledError("x")); }
  SECTION("cancelled while it sleeps") {}
  Spawn(loop, Note(Sleep(loop, absl::InfiniteDuration(), cancellation), over));
  loop.RunReady();
  CHECK(over == cancellation.cancelled());
  cancellation.Cancel(absl::CancelledError("x"));
  loop.RunReady();
  CHECK(over);
  CHECK(loop.timers() == 0);
}

TEST_CASE("UntilCancelled: waits for the cancellation and for nothing else", "[async]") {
  ManualExecutor loop;
  Cancellation cancellation;
  bool over = false;
  Spawn(loop, Note(UntilCancelled(loop, cancellation), over));
  loop.Advance(absl::Hours(1));
  CHECK_FALSE(over);
  cancellation.Cancel(absl::CancelledError("x"));
  loop.RunReady();
  CHECK(over);
}

TEST_CASE("Deadline: cancels a call that takes too long", "[async]") {
  ManualExecutor loop;
  Cancellation cancellation;
  std::optional<Deadline> deadline;
  deadline.emplace(loop, absl::Seconds(1), cancellation, absl::DeadlineExceededError("slow"));
  SECTION("in time") {
    loop.Advance(absl::Milliseconds(999));
    deadline.reset();
    loop.Advance(absl::Seconds(1));
    CHECK_FALSE(cancellation.cancelled());
  }
  SECTION("too late") {
    loop.Advance(absl::Seconds(1));
    CHECK(cancellation.cause() == absl::DeadlineExceededError("slow"));
  }
}

}  // namespace
}  // namespace countersign::async
