#include "libs/base/mutex.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>
#include <vector>

namespace countersign {
namespace {

TEST_CASE("MutexLock: increments from several threads are not lost", "[base]") {
  struct {
    Mutex mutex;
    int count CS_GUARDED_BY(mutex) = 0;
  } shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        const MutexLock lock(shared.mutex);
        ++shared.count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const MutexLock lock(shared.mutex);
  CHECK(shared.count == 4000);
}

TEST_CASE("MutexLock: between Unlock and Lock another thread may hold the mutex", "[base]") {
  Mutex mutex;
  MutexLock lock(mutex);
  lock.Unlock();
  bool held = false;
  std::async(std::launch::async, [&] {
    const MutexLock other(mutex);
    held = true;
  }).get();
  lock.Lock();
  CHECK(held);
}

TEST_CASE("CondVar: Wait with a predicate returns when it is true", "[base]") {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  std::thread setter([&] {
    {
      const MutexLock lock(mutex);
      ready = true;
    }
    changed.NotifyAll();
  });
  {
    const MutexLock lock(mutex);
    changed.Wait(mutex, [&] { return ready; });
    CHECK(ready);
  }
  setter.join();
}

TEST_CASE("CondVar: WaitFor returns false when time runs out", "[base]") {
  Mutex mutex;
  CondVar changed;
  const MutexLock lock(mutex);
  CHECK_FALSE(changed.WaitFor(mutex, absl::Milliseconds(1), [] { return false; }));
  CHECK_FALSE(changed.WaitFor(mutex, -absl::InfiniteDuration(), [] { return false; }));
}

TEST_CASE("CondVar: WaitFor without end waits for the predicate", "[base]") {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  std::thread setter([&] {
    {
      const MutexLock lock(mutex);
      ready = true;
    }
    changed.NotifyOne();
  });
  {
    const MutexLock lock(mutex);
    CHECK(changed.WaitFor(mutex, absl::InfiniteDuration(), [&] { return ready; }));
  }
  setter.join();
}

}  // namespace
}  // namespace countersign
