#include "libs/pg/examine.h"

#include <catch2/catch.hpp>

namespace countersign::pg {
namespace {

using State = HealthCheck::State;
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

State Compare(absl::Duration other) {
  return CompareClocks("clock", kNow, kNow + other, kNow + absl::Seconds(1)).state;
}

TEST_CASE("CompareClocks: a reading between the two own ones agrees, whatever it took", "[pg]") {
  CHECK(Compare(absl::ZeroDuration()) == State::kOk);
  CHECK(Compare(absl::Seconds(1)) == State::kOk);
  CHECK(CompareClocks("clock", kNow, kNow + absl::Milliseconds(500), kNow + absl::Seconds(1)).saw ==
        "agrees");
}

TEST_CASE("CompareClocks: seconds are a warning, half a minute is a failure", "[pg]") {
  CHECK(Compare(absl::Seconds(-1)) == State::kOk);
  CHECK(Compare(absl::Seconds(-5)) == State::kWarning);
  CHECK(Compare(absl::Seconds(6)) == State::kWarning);
  CHECK(Compare(absl::Seconds(60)) == State::kFailed);
  const HealthCheck behind =
      CompareClocks("clock", kNow, kNow - absl::Seconds(60), kNow + absl::Seconds(1));
  CHECK(behind.saw == "is 60000 ms behind");
  CHECK_FALSE(behind.advice.empty());
}

}  // namespace
}  // namespace countersign::pg
