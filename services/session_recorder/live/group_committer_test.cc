#include "services/session_recorder/live/group_committer.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

namespace countersign::session_recorder::live {
namespace {

// Lets the test hold a commit open.
struct Gate {
  std::promise<void> entered, leave;
  void Pass() {
    entered.set_value();
    leave.get_future().wait();
  }
};

}  // namespace

TEST_CASE("GroupCommitter: items that arrive during a commit are the next batch, in order",
          "[session_recorder]") {
  Gate gate;
  std::vector<std::vector<int>> batches;
  {
    GroupCommitter<int> committer([&](std::vector<int> batch) {
      batches.push_back(batch);
      if (batches.size() == 1) gate.Pass();
    });
    int item = 0;
    REQUIRE(committer.Submit(item, 1, 1));
    gate.entered.get_future().wait();
    for (item = 1; item <= 10; ++item) {
      int copy = item;
      REQUIRE(committer.Submit(copy, 1, 1));
    }
    gate.leave.set_value();
  }
  CHECK(batches == std::vector<std::vector<int>>{{0}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}});
}

TEST_CASE("GroupCommitter: a batch respects the limits of events and bytes and splits no item",
          "[session_recorder]") {
  Gate gate;
  std::vector<std::vector<int>> batches;
  {
    GroupLimits limits;
    limits.batch_events = 4;
    limits.batch_bytes = 100;
    GroupCommitter<int> committer(
        [&](std::vector<int> batch) {
          batches.push_back(batch);
          if (batches.size() == 1) gate.Pass();
        },
        limits);
    const auto submit = [&](int item, std::size_t events, std::size_t bytes) {
      REQUIRE(committer.Submit(item, events, bytes));
    };
    submit(0, 1, 1);
    gate.entered.get_future().wait();
    submit(1, 3, 1);
    submit(2, 2, 1);  // 3 + 2 > 4
    submit(3, 1, 99);
    submit(4, 1, 1);    // 1 + 99 + 1 > 100
    submit(5, 9, 500);  // larger than any batch: alone
    submit(6, 1, 1);
    gate.leave.set_value();
  }
  CHECK(batches == std::vector<std::vector<int>>{{0}, {1}, {2, 3}, {4}, {5}, {6}});
}

TEST_CASE("GroupCommitter: refuses when too many bytes are queued, and accepts again later",
          "[session_recorder]") {
  Gate gate;
  std::atomic<int> committed{0};
  GroupLimits limits;
  limits.queued_bytes = 100;
  GroupCommitter<std::string> committer(
      [&](std::vector<std::string> batch) {
        if (committed.fetch_add(static_cast<int>(batch.size())) == 0) gate.Pass();
      },
      limits);
  std::string first = "first", second = "second", third = "third";
  REQUIRE(committer.Submit(first, 1, 90));
  gate.entered.get_future().wait();
  REQUIRE(committer.Submit(second, 1, 90));
  CHECK_FALSE(committer.Submit(third, 1, 90));
  CHECK(third == "third");  // unchanged
  gate.leave.set_value();
  while (committer.queued() != 0) std::this_thread::yield();
  CHECK(committer.Submit(third, 1, 90));
}

TEST_CASE("GroupCommitter: items of many threads are committed once, in each thread's order",
          "[session_recorder]") {
  constexpr int kThreads = 8, kItems = 500;
  std::vector<int> next(kThreads, 0);  // used by the committing thread only
  std::size_t batches = 0;
  bool in_order = true;
  {
    GroupCommitter<std::pair<int, int>> committer([&](std::vector<std::pair<int, int>> batch) {
      ++batches;
      in_order = in_order && batch.size() <= 256;
      for (const auto& [thread, number] : batch) in_order = in_order && next[thread]++ == number;
    });
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&committer, thread] {
        for (int number = 0; number < kItems; ++number) {
          std::pair<int, int> item{thread, number};
          if (!committer.Submit(item, 1, 1)) std::abort();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(in_order);
  CHECK(next == std::vector<int>(kThreads, kItems));
  CHECK(batches >= kThreads * kItems / 256);
}

}  // namespace countersign::session_recorder::live
