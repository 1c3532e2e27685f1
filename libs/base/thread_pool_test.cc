#include "libs/base/thread_pool.h"

#include <catch2/catch.hpp>
#include <future>

namespace countersign {

TEST_CASE("ThreadPool: refuses work once its queue is full", "[base]") {
  ThreadPool pool(1, 1);
  std::promise<void> started, release;
  REQUIRE(pool.TrySubmit([&] {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();
  CHECK(pool.TrySubmit([] {}));
  CHECK_FALSE(pool.TrySubmit([] {}));
  release.set_value();
}

TEST_CASE("ThreadPool: as many tasks run at once as there are threads", "[base]") {
  std::promise<void> first, second;
  {
    ThreadPool pool(2, 2);
    // Each waits for the other: with one thread this would not end.
    REQUIRE(pool.TrySubmit([&] {
      first.set_value();
      second.get_future().wait();
    }));
    REQUIRE(pool.TrySubmit([&] {
      first.get_future().wait();
      second.set_value();
    }));
  }
  SUCCEED();
}

TEST_CASE("ThreadPool: refused work never runs", "[base]") {
  bool ran = false;
  {
    ThreadPool pool(1, 0);
    CHECK_FALSE(pool.TrySubmit([&] { ran = true; }));
  }
  CHECK_FALSE(ran);
}

TEST_CASE("ThreadPool: runs all accepted work before it is destroyed", "[base]") {
  int ran = 0;
  {
    ThreadPool pool(1, 100);
    for (int i = 0; i < 100; ++i) CHECK(pool.TrySubmit([&] { ++ran; }));
  }
  CHECK(ran == 100);
}

}  // namespace countersign
