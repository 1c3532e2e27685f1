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

TEST_CASE("FromHttpStatus: gRPC's table for responses of others", "[grpc_wire]") {
  CHECK(FromHttpStatus(400) == absl::StatusCode::kInternal);
  CHECK(FromHttpStatus(401) == absl::StatusCode::kUnauthenticated);
  CHECK(FromHttpStatus(403) == absl::StatusCode::kPermissionDenied);
  CHECK(FromHttpStatus(404) == absl::StatusCode::kUnimplemented);
  for (const int status : {429, 502, 503, 504}) {
    CHECK(FromHttpStatus(status) == absl::StatusCode::kUnavailable);
  }
  CHECK(FromHttpStatus(418) == absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace countersign::grpc_wire
