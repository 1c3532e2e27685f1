#include "libs/base/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

namespace countersign {

TEST_CASE("SetThreadPriority: lowers the calling thread only", "[base]") {
  const int before = getpriority(PRIO_PROCESS, gettid());
  int low = 0, normal = 0;
  std::thread([&] {
    SetThreadPriority(ThreadPriority::kNormal);
    normal = getpriority(PRIO_PROCESS, gettid());
    SetThreadPriority(ThreadPriority::kLow);
    low = getpriority(PRIO_PROCESS, gettid());
  }).join();
  CHECK(normal == before);
  CHECK(low >= 5);
  CHECK(low >= before);
  CHECK(getpriority(PRIO_PROCESS, gettid()) == before);
}

}  // namespace countersign
