#include "libs/base/status.h"

#include <catch2/catch.hpp>

namespace countersign {

TEST_CASE("Annotate: keeps the code and the reason", "[base]") {
  const absl::Status status =
      Annotate(WithReason(absl::NotFoundError("no such key"), "key_unknown"), "revoke");
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(status.message() == "revoke: no such key");
  CHECK(ReasonOf(status) == "key_unknown");
}

TEST_CASE("WithReason: leaves an OK status OK", "[base]") {
  CHECK(WithReason(absl::OkStatus(), "x").ok());
  CHECK(ReasonOf(absl::OkStatus()).empty());
}

}  // namespace countersign
