#include "libs/async/group.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "libs/async/pending_reply.h"
#include "libs/async/testing/manual_executor.h"

namespace countersign::async {
namespace {

using Reply = PendingReply<absl::Status>;

Awaitable<void> Note(Reply& reply, std::string& log, std::string name) {
  log += "+" + name;
  co_await reply.Get();
  log += "-" + name;
}

Awaitable<bool> WaitFor(Group& group, std::size_t limit, std::string& log) {
  co_await group.UntilFewerThan(limit);
  log += "!";
  co_return true;
}

TEST_CASE("Group: members run at once, and their owner waits for them", "[async]") {
  testing::ManualExecutor executor;
  std::string log;
  Reply a(executor), b(executor);
  Group group(executor);
  group.Start(Note(a, log, "a"));
  group.Start(Note(b, log, "b"));
  CHECK(log == "+a+b");
  CHECK(group.running() == 2);
  executor.Run(WaitFor(group, 1, log));
  b.done()(absl::OkStatus());
  executor.RunReady();
  CHECK(log == "+a+b-b");
  a.done()(absl::OkStatus());
  executor.RunReady();
  CHECK(log == "+a+b-b-a!");
  CHECK(group.running() == 0);
}

TEST_CASE("Group: a member that does not wait has ended at once", "[async]") {
  testing::ManualExecutor executor;
  std::string log;
  Reply ready(executor);
  ready.done()(absl::OkStatus());
  executor.RunReady();
  Group group(executor);
  group.Start(Note(ready, log, "a"));
  CHECK(log == "+a-a");
  CHECK(group.running() == 0);
}

TEST_CASE("Group: its end destroys members that wait", "[async]") {
  testing::ManualExecutor executor;
  Reply never(executor);
  const auto alive = std::make_shared<int>();
  const auto hold = [](std::shared_ptr<int>, Reply& reply) -> Awaitable<void> {
    co_await reply.Get();
  };
  {
    Group group(executor);
    group.Start(hold(alive, never));
    CHECK(alive.use_count() == 2);
  }
  CHECK(alive.use_count() == 1);
}

Awaitable<void> TakeTurn(Turns& turns, Reply& reply, std::string& log, std::string name) {
  const Turns::Turn turn = co_await turns.Take();
  log += "+" + name;
  co_await reply.Get();
  log += "-" + name;
}

TEST_CASE("Turns: one after the other, in order", "[async]") {
  testing::ManualExecutor executor;
  std::string log;
  Reply a(executor), b(executor), c(executor);
  Turns turns(executor);
  Group group(executor);
  group.Start(TakeTurn(turns, a, log, "a"));
  group.Start(TakeTurn(turns, b, log, "b"));
  group.Start(TakeTurn(turns, c, log, "c"));
  c.done()(absl::OkStatus());
  executor.RunReady();
  CHECK(log == "+a");
  a.done()(absl::OkStatus());
  executor.RunReady();
  CHECK(log == "+a-a+b");
  b.done()(absl::OkStatus());
  executor.RunReady();
  CHECK(log == "+a-a+b-b+c-c");
}

TEST_CASE("Turns: who is destroyed while waiting gives the turn on", "[async]") {
  testing::ManualExecutor executor;
  std::string log;
  Reply a(executor), b(executor), c(executor);
  Turns turns(executor);
  Group group(executor);
  {
    Group first(executor);
    first.Start(TakeTurn(turns, a, log, "a"));
    {
      Group second(executor);
      second.Start(TakeTurn(turns, b, log, "b"));
      group.Start(TakeTurn(turns, c, log, "c"));
    }
  }
  executor.RunReady();
  CHECK(log == "+a+c");
}

}  // namespace
}  // namespace countersign::async
