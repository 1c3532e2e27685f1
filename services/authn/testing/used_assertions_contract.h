#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "services/authn/assertions/used_assertions.h"

// What every UsedAssertions must do. `store` is empty.
namespace countersign::authn::testing {

inline const absl::Time kFirstUse = absl::FromUnixMicros(1'700'000'000'123'456);

inline void CheckUsedOnce(assertions::UsedAssertions& store) {
  const absl::Time end = kFirstUse + absl::Minutes(5);
  CHECK(*store.FindUse("idp", "_1") == absl::InfiniteFuture());
  REQUIRE(store.Use("idp", "_1", kFirstUse, end).ok());
  CHECK(*store.FindUse("idp", "_1") == kFirstUse);
  CHECK(absl::IsAlreadyExists(store.Use("idp", "_1", kFirstUse + absl::Seconds(1), end)));
  CHECK(*store.FindUse("idp", "_1") == kFirstUse);
  // Names are compared as pairs.
  CHECK(store.Use("idp", "_2", kFirstUse, end).ok());
  CHECK(store.Use("id", "p_1", kFirstUse, end).ok());
  CHECK(*store.FindUse("idp_", "1") == absl::InfiniteFuture());
}

inline void CheckMarksEnd(assertions::UsedAssertions& store) {
  const absl::Time end = kFirstUse + absl::Minutes(5);
  REQUIRE(store.Use("idp", "_1", kFirstUse, end).ok());
  REQUIRE(store.Use("idp", "_2", end, end + absl::Minutes(5)).ok());
  CHECK(*store.FindUse("idp", "_1") == kFirstUse);
  REQUIRE(store.Use("idp", "_3", end + absl::Seconds(1), end + absl::Minutes(5)).ok());
  CHECK(*store.FindUse("idp", "_1") == absl::InfiniteFuture());
  CHECK(*store.FindUse("idp", "_2") == end);
}

inline void CheckRaces(assertions::UsedAssertions& store) {
  for (int round = 0; round < 20; ++round) {
    const std::string id = "_" + std::to_string(round);
    std::atomic<int> won{0};
    std::vector<std::thread> racers;
    for (int i = 0; i < 4; ++i) {
      racers.emplace_back([&] {
        if (store.Use("idp", id, kFirstUse, kFirstUse + absl::Minutes(5)).ok()) ++won;
      });
    }
    for (std::thread& racer : racers) racer.join();
    CHECK(won == 1);
  }
}

}  // namespace countersign::authn::testing

// One test per clause. `fixture` has a method store().
#define AUTHN_USED_ASSERTIONS_CONTRACT(name, fixture)                       \
  TEST_CASE(name ": an assertion is used once", "[authn]") {                \
    fixture under_test;                                                     \
    countersign::authn::testing::CheckUsedOnce(under_test.store());         \
  }                                                                         \
  TEST_CASE(name ": marks end after the assertion's expiry", "[authn]") {   \
    fixture under_test;                                                     \
    countersign::authn::testing::CheckMarksEnd(under_test.store());         \
  }                                                                         \
  TEST_CASE(name ": of callers at the same time one succeeds", "[authn]") { \
    fixture under_test;                                                     \
    countersign::authn::testing::CheckRaces(under_test.store());            \
  }
