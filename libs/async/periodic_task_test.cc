#include "libs/async/periodic_task.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "libs/async/testing/manual_pause.h"

namespace countersign::async {
namespace {

using testing::ManualPause;

constexpr absl::Duration kInterval = absl::Hours(1);

TEST_CASE("PeriodicTask: works at once, and again after each interval", "[async]") {
  std::atomic<int> rounds{0};
  const auto pause = std::make_shared<ManualPause>();
  PeriodicTask task(kInterval,
                    {[&] {
                       ++rounds;
                       return absl::OkStatus();
                     },
                     nullptr},
                    PeriodicTask::First::kAtOnce, pause);
  CHECK(pause->AwaitPause() == kInterval);
  CHECK(rounds == 1);
  CHECK(pause->Pass() == kInterval);
  CHECK(rounds == 2);
}

TEST_CASE("PeriodicTask: may skip the round at its beginning", "[async]") {
  std::atomic<int> rounds{0};
  const auto pause = std::make_shared<ManualPause>();
  PeriodicTask task(kInterval,
                    {[&] {
                       ++rounds;
                       return absl::OkStatus();
                     },
                     nullptr},
                    PeriodicTask::First::kAfterInterval, pause);
  CHECK(pause->AwaitPause() == kInterval);
  CHECK(rounds == 0);
  pause->Pass();
  CHECK(rounds == 1);
}

TEST_CASE("PeriodicTask: reports when a failure begins, changes and ends", "[async]") {
  const std::vector<absl::Status> results = {absl::OkStatus(),
                                             absl::UnavailableError("down"),
                                             absl::UnavailableError("down since noon"),
                                             absl::InternalError("odd"),
                                             absl::OkStatus(),
                                             absl::OkStatus()};
  std::size_t next = 0;
  std::vector<absl::Status> told;
  const auto pause = std::make_shared<ManualPause>();
  PeriodicTask task(kInterval,
                    {[&] { return results[next++]; },
                     [&](const absl::Status& status) { told.push_back(status); }},
                    PeriodicTask::First::kAtOnce, pause);
  while (pause->AwaitPause().has_value() && next < results.size()) pause->Pass();
  task.Stop();
  CHECK(told == std::vector<absl::Status>{results[1], results[3], results[4]});
}

TEST_CASE("PeriodicTask: RunNow does not wait for the interval", "[async]") {
  std::atomic<int> rounds{0};
  const auto pause = std::make_shared<ManualPause>();
  PeriodicTask task(kInterval,
                    {[&] {
                       ++rounds;
                       return absl::OkStatus();
                     },
                     nullptr},
                    PeriodicTask::First::kAtOnce, pause);
  pause->AwaitPause();
  task.RunNow();
  pause->AwaitPause();
  CHECK(rounds == 2);
}

TEST_CASE("RetryLoop: a stop ends the waiting round, and no other begins", "[async]") {
  std::atomic<int> rounds{0};
  Mutex mutex;
  CondVar changed;
  bool waiting = false, released = false;
  RetryLoop loop([&](std::stop_token stop) {
    ++rounds;
    const std::stop_callback release(stop, [&] {
      const MutexLock lock(mutex);
      released = true;
      changed.NotifyAll();
    });
    const MutexLock lock(mutex);
    waiting = true;
    changed.NotifyAll();
    changed.Wait(mutex, [&] { return released; });
    return absl::ZeroDuration();
  });
  {
    const MutexLock lock(mutex);
    changed.Wait(mutex, [&] { return waiting; });
  }
  loop.Stop();
  loop.Stop();  // may be called repeatedly
  CHECK(rounds == 1);
}

TEST_CASE("RetryLoop: a stop does not wait for the end of a pause", "[async]") {
  std::atomic<bool> ran{false};
  RetryLoop loop([&](std::stop_token) {
    ran = true;
    return absl::InfiniteDuration();
  });
  while (!ran) std::this_thread::yield();
  loop.Stop();
  CHECK(ran);
}

TEST_CASE("RetryLoop: RunNow during a round is not forgotten", "[async]") {
  std::atomic<int> rounds{0};
  RetryLoop* self = nullptr;
  std::atomic<bool> known{false};
  RetryLoop loop([&](std::stop_token) {
    while (!known) std::this_thread::yield();
    if (++rounds == 1) self->RunNow();
    return absl::InfiniteDuration();
  });
  self = &loop;
  known = true;
  while (rounds < 2) std::this_thread::yield();
  CHECK(rounds == 2);
}

TEST_CASE("Backoff: doubles up to two seconds and starts again after a success", "[async]") {
  Backoff backoff;
  CHECK(backoff.Next() == absl::Milliseconds(100));
  CHECK(backoff.Next() == absl::Milliseconds(200));
  for (int i = 0; i < 9; ++i) backoff.Next();
  CHECK(backoff.Next() == absl::Seconds(2));
  backoff.Reset();
  CHECK(backoff.Next() == absl::Milliseconds(100));
}

}  // namespace
}  // namespace countersign::async
