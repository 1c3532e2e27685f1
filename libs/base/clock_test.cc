#include "libs/base/clock.h"

#include <catch2/catch.hpp>

#include "libs/testing/fake_clock.h"

namespace countersign {

TEST_CASE("FormatRfc3339: UTC, with truncated milliseconds", "[base]") {
  const absl::Time time = absl::FromUnixSeconds(1'700'000'000);
  CHECK(FormatRfc3339(time) == "2023-11-14T22:13:20.000Z");
  CHECK(FormatRfc3339(time + absl::Microseconds(999'999)) == "2023-11-14T22:13:20.999Z");
  CHECK(FormatRfc3339(absl::UnixEpoch() - absl::Milliseconds(1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("SystemClock: does not go back between two readings", "[base]") {
  const SystemClock clock;
  const absl::Time first = clock.Now();
  CHECK(clock.Now() >= first);
}

TEST_CASE("FakeClock: advances only when told to", "[base]") {
  testing::FakeClock clock(absl::FromUnixSeconds(10));
  CHECK(clock.Now() == absl::FromUnixSeconds(10));
  CHECK(clock.Now() == absl::FromUnixSeconds(10));
  clock.Advance(absl::Seconds(5));
  CHECK(clock.Now() == absl::FromUnixSeconds(15));
}

}  // namespace countersign
