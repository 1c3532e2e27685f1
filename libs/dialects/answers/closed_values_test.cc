#include "libs/dialects/answers/closed_values.h"

#include <catch2/catch.hpp>

namespace countersign::dialects::answers {
namespace {

TEST_CASE("IsClosedValue: UUIDs and times, and nothing else", "[dialects]") {
  for (const char* value :
       {"0190a9c0-7b1e-7cc3-98c4-dc0c0c07398f", "0190A9C0-7B1E-7CC3-98C4-DC0C0C07398F",
        "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.100Z", "2026-01-01T00:00:00.123456789+02:00",
        "Thu, 01 Jan 2026 00:00:00 GMT"}) {
    INFO(value);
    CHECK(IsClosedValue(value));
  }
  for (const char* value :
       {"", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.4111111111111111Z", "2026-01-01T00:00:00.100Z ",
        "0190a9c0-7b1e-7cc3-98c4-dc0c0c07398", "0190a9c07b1e7cc398c4dc0c0c07398f",
        "0190a9g0-7b1e-7cc3-98c4-dc0c0c07398f", "Thu, 1 Jan 2026 00:00:00 GMT", "evt_0001"}) {
    INFO(value);
    CHECK_FALSE(IsClosedValue(value));
  }
}

}  // namespace
}  // namespace countersign::dialects::answers
