#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "services/approval/testing/review_store_contract.h"

// The part of the ReviewStore contract that needs many threads.
namespace countersign::approval::testing {

// Runs `attempt(i)` on many threads at once; returns how many returned true.
template <typename Attempt>
int Race(int threads, Attempt attempt) {
  std::atomic<int> ready{0};
  std::atomic<int> won{0};
  std::vector<std::thread> racers;
  for (int i = 0; i < threads; ++i) {
    racers.emplace_back([&, i] {
      ++ready;
      while (ready < threads) std::this_thread::yield();
      if (attempt(i)) ++won;
    });
  }
  for (std::thread& racer : racers) racer.join();
  return won;
}

inline void CheckRaces(StoreUnderTest& test) {
  store::ReviewStore& store = test.store();
  const reviews::Person ada = Somebody("ada");
  SECTION("of many sessions that use a one-shot at once, exactly one gets it") {
    for (int round = 0; round < 10; ++round) {
      const std::string id = ApprovedOne(store);
      const int won = Race(8, [&](int i) {
        return store.Consume(id, "session-" + std::to_string(i), ada, BindingHash('a')).ok();
      });
      CHECK(won == 1);
    }
    CHECK(WholeLog(store).size() == 30);
  }
  SECTION("all retries of one session get its one use") {
    const std::string id = ApprovedOne(store);
    CHECK(Race(8, [&](int) { return store.Consume(id, "same", ada, BindingHash('a')).ok(); }) == 8);
    CHECK(WholeLog(store).size() == 3);
  }
  SECTION("calls of one kind that race open one review") {
    CHECK(Race(8, [&](int i) {
            const auto joined = store.Join(ACall("session-" + std::to_string(i)));
            return joined.ok() && joined->opened;
          }) == 1);
  }
  SECTION("one person who approves many times at once counts once") {
    const std::string id = OpenOne(store, ACall("s", 'a', 2));
    CHECK(Race(8, [&](int) { return store.CastVote(id, Approval("bob")).ok(); }) == 1);
    CHECK(ReadState(store, id) == ReviewState::kPending);
  }
  SECTION("a use and a revocation at once: exactly one succeeds") {
    for (int round = 0; round < 5; ++round) {
      const std::string id = ApprovedOne(store);
      CHECK(Race(2, [&](int i) {
              return i == 0 ? store.Consume(id, "s", ada, BindingHash('a')).ok()
                            : store.Revoke(id, "carol", "stop").ok();
            }) == 1);
    }
    WholeLog(store);
  }
}

}  // namespace countersign::approval::testing
