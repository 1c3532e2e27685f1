#include "libs/async/pending_reply.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "libs/async/spawn.h"
#include "libs/async/testing/manual_executor.h"

namespace countersign::async {
namespace {

using testing::ManualExecutor;
using Reply = absl::StatusOr<std::string>;

// A coroutine that waits for a reply, and its result.
struct Fixture {
  void Get() { Spawn(loop, Note(reply.Get(cancellation))); }
  void GetWhateverHappens() { Spawn(loop, Note(reply.Get())); }
  void WaitUntil(absl::Duration limit) {
    Spawn(loop, NoteReady(reply.WaitUntil(Executor(loop).After(limit), cancellation)));
  }

  Awaitable<void> Note(Awaitable<Reply> awaited) { result = co_await std::move(awaited); }
  Awaitable<void> NoteReady(Awaitable<bool> awaited) { ready = co_await std::move(awaited); }

  ManualExecutor loop;
  Cancellation cancellation;
  PendingReply<Reply> reply{loop};
  std::optional<Reply> result;
  std::optional<bool> ready;
};

TEST_CASE("PendingReply: a reply that arrives before Get is kept", "[async]") {
  Fixture f;
  f.reply.done()("yes");
  CHECK_FALSE(f.reply.ready());  // it arrives on the executor
  f.loop.RunReady();
  CHECK(f.reply.ready());
  f.Get();
  f.loop.RunReady();
  CHECK(f.result->value() == "yes");
}

TEST_CASE("PendingReply: a reply wakes the coroutine that waits for it", "[async]") {
  Fixture f;
  auto done = f.reply.done();
  f.Get();
  f.loop.RunReady();
  CHECK_FALSE(f.result.has_value());
  std::thread([&] { done(absl::NotFoundError("no")); }).join();
  CHECK_FALSE(f.result.has_value());
  f.loop.RunReady();
  CHECK(absl::IsNotFound(f.result->status()));
}

TEST_CASE("PendingReply: a cancelled call gets the cause", "[async]") {
  Fixture f;
  SECTION("before it waits") {
    f.cancellation.Cancel(absl::CancelledError("left"));
    f.Get();
  }
  SECTION("while it waits") {
    f.Get();
    f.loop.RunReady();
    f.cancellation.Cancel(absl::CancelledError("left"));
    CHECK_FALSE(f.result.has_value());  // never within Cancel
  }
  f.loop.RunReady();
  CHECK(f.result->status() == absl::CancelledError("left"));
}

TEST_CASE("PendingReply: an available reply is returned although the call is cancelled",
          "[async]") {
  Fixture f;
  f.Get();
  f.loop.RunReady();
  SECTION("the reply first") {
    f.reply.done()("yes");
    f.cancellation.Cancel(absl::CancelledError("left"));
  }
  SECTION("the reply second, before the coroutine runs") {
    f.cancellation.Cancel(absl::CancelledError("left"));
    f.reply.done()("late");
    f.loop.RunReady();
    CHECK(absl::IsCancelled(f.result->status()));
    return;
  }
  f.loop.RunReady();
  CHECK(f.result->value() == "yes");
}

TEST_CASE("PendingReply: Get without a cancellation waits for the reply", "[async]") {
  Fixture f;
  f.GetWhateverHappens();
  f.cancellation.Cancel(absl::CancelledError("left"));
  f.loop.RunReady();
  CHECK_FALSE(f.result.has_value());
  f.reply.done()("yes");
  f.loop.RunReady();
  CHECK(f.result->value() == "yes");
}

TEST_CASE("PendingReply: WaitUntil reports whether the reply arrived in time", "[async]") {
  Fixture f;
  f.WaitUntil(absl::Seconds(3));
  f.loop.Advance(absl::Seconds(2));
  CHECK_FALSE(f.ready.has_value());
  SECTION("it came") {
    f.reply.done()("yes");
    f.loop.RunReady();
    CHECK(f.ready == true);
    f.Get();
    f.loop.RunReady();
    CHECK(f.result->value() == "yes");
  }
  SECTION("it did not, and may be waited for again") {
    f.loop.Advance(absl::Seconds(1));
    CHECK(f.ready == false);
    f.ready.reset();
    f.WaitUntil(absl::Seconds(1));
    f.loop.RunReady();
    f.reply.done()("yes");
    f.loop.RunReady();
    CHECK(f.ready == true);
  }
  SECTION("the call was cancelled") {
    f.cancellation.Cancel(absl::CancelledError("left"));
    f.loop.RunReady();
    CHECK(f.ready == false);
  }
  CHECK(f.loop.timers() == 0);
}

TEST_CASE("PendingReply: several can be outstanding at once", "[async]") {
  ManualExecutor loop;
  PendingReply<Reply> first(loop), second(loop);
  auto first_done = first.done(), second_done = second.done();
  const auto both = [&]() -> Awaitable<std::string> {
    const Reply a = co_await first.Get();
    const Reply b = co_await second.Get();
    co_return *a + *b;
  };
  second_done("b");
  first_done("a");
  CHECK(loop.Run(both()) == "ab");
}

TEST_CASE("PendingReply: a reply that is no longer awaited is dropped", "[async]") {
  absl::AnyInvocable<void(Reply)> done;
  SECTION("the call is over") {
    ManualExecutor loop;
    {
      PendingReply<Reply> reply(loop);
      done = reply.done();
    }
    done("late");
    loop.RunReady();
  }
  SECTION("its thread is gone") {
    {
      ManualExecutor loop;
      PendingReply<Reply> reply(loop);
      done = reply.done();
    }
    done("late");
  }
  SECTION("the coroutine that waited was destroyed") {
    ManualExecutor loop;
    PendingReply<Reply> reply(loop);
    done = reply.done();
    {
      ManualExecutor other;
      Cancellation never;
      const auto wait = [&]() -> Awaitable<void> { (void)co_await reply.Get(never); };
      Spawn(other, wait());
      other.RunReady();
    }
    done("late");
    loop.RunReady();
    CHECK(reply.ready());
  }
}

}  // namespace
}  // namespace countersign::async
