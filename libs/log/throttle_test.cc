#include "libs/log/throttle.h"

#include <catch2/catch.hpp>

#include "libs/testing/fake_clock.h"

namespace countersign::log {
namespace {

TEST_CASE("Throttle: passes a number of lines in each period, and counts the others", "[log]") {
  testing::FakeClock clock;
  Throttle throttle(clock, 2, absl::Seconds(10));
  CHECK(throttle.Pass() == 1);
  CHECK(throttle.Pass() == 1);
  for (int i = 0; i < 5; ++i) CHECK_FALSE(throttle.Pass().has_value());
  clock.Advance(absl::Seconds(9));
  CHECK_FALSE(throttle.Pass().has_value());
  clock.Advance(absl::Seconds(1));
  CHECK(throttle.Pass() == 7);
  CHECK(throttle.Pass() == 1);
  CHECK_FALSE(throttle.Pass().has_value());
}

TEST_CASE("Throttle: a clock that is set back begins a new period", "[log]") {
  testing::FakeClock clock;
  Throttle throttle(clock, 1, absl::Seconds(10));
  CHECK(throttle.Pass() == 1);
  CHECK_FALSE(throttle.Pass().has_value());
  clock.Advance(-absl::Hours(1));
  CHECK(throttle.Pass() == 2);
}

}  // namespace
}  // namespace countersign::log
