#include "libs/http/date_field.h"

#include <catch2/catch.hpp>

namespace countersign::http {
namespace {

TEST_CASE("DateField: follows the clock forwards and backwards", "[http]") {
  DateField field;
  const absl::Time noon =
      absl::FromCivil(absl::CivilSecond(2026, 11, 29, 12, 0, 0), absl::UTCTimeZone());
  CHECK(field.Format(noon) == "Sun, 29 Nov 2026 12:00:00 GMT");
  CHECK(field.Format(noon + absl::Milliseconds(999)) == "Sun, 29 Nov 2026 12:00:00 GMT");
  CHECK(field.Format(noon + absl::Seconds(1)) == "Sun, 29 Nov 2026 12:00:01 GMT");
  CHECK(field.Format(noon - absl::Hours(1)) == "Sun, 29 Nov 2026 11:00:00 GMT");
  CHECK(field.Format(noon - absl::Hours(1) + absl::Seconds(5)) == "Sun, 29 Nov 2026 11:00:05 GMT");
}

}  // namespace
}  // namespace countersign::http
