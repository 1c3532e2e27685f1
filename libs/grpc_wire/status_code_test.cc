#include "libs/grpc_wire/status_code.h"

#include <catch2/catch.hpp>

namespace countersign::grpc_wire {
namespace {

TEST_CASE("Status codes: each has a name and a status of its own kind", "[grpc_wire]") {
  CHECK(ToHttpStatus(absl::StatusCode::kUnauthenticated) == 401);
  CHECK(ConnectName(absl::StatusCode::kCancelled) == "canceled");
  for (int code = 1; code <= 16; ++code) {
    CHECK(ToHttpStatus(static_cast<absl::StatusCode>(code)) >= 400);
    CHECK((ConnectName(static_cast<absl::StatusCode>(code)) != "unknown" || code == 2));
  }
  CHECK(ConnectName(static_cast<absl::StatusCode>(99)) == "unknown");
}

}  // namespace
}  // namespace countersign::grpc_wire
