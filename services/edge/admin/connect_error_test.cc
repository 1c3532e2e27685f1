#include "services/edge/admin/connect_error.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"

namespace countersign::edge::admin {
namespace {

TEST_CASE("ConnectErrorBody: the status gives Connect's code, the message is kept", "[edge]") {
  CHECK(ConnectErrorBody(dialects::MakeCallerError("unauthenticated", "no \"token\"")) ==
        R"({"code":"unauthenticated","message":"no \"token\""})");
  CHECK(ConnectErrorBody(dialects::MakeCallerError("not_found", "x")) ==
        R"({"code":"unimplemented","message":"x"})");
  CHECK(ConnectErrorBody(dialects::MakeCallerError("payload_too_large", "x")) ==
        R"({"code":"resource_exhausted","message":"x"})");
}

TEST_CASE("ConnectErrorBody: a status without a Connect code is unknown", "[edge]") {
  CHECK(ConnectErrorBody(dialects::MakeCallerError("upstream_error", "x")) ==
        R"({"code":"unknown","message":"x"})");
}

TEST_CASE("ErrorToJson: the reason is a detail, with its debug form", "[edge]") {
  CHECK(ErrorToJson(absl::NotFoundError("no \"x\"")) ==
        R"({"code":"not_found","message":"no \"x\""})");
  CHECK(ErrorToJson(WithReason(absl::AbortedError("m"), "r")) ==
        R"({"code":"aborted","message":"m","details":[{"type":"google.rpc.ErrorInfo",)"
        R"("value":"CgFyEgtjb3VudGVyc2lnbg","debug":{"reason":"r","domain":"countersign"}}]})");
}

TEST_CASE("ErrorToJson: the fields that are refused are a detail, with their debug form",
          "[edge]") {
  CHECK(ErrorToJson(InvalidField("n", "is odd")) ==
        R"({"code":"invalid_argument","message":"n: is odd","details":[{"type":)"
        R"("google.rpc.BadRequest","value":"CgsKAW4SBmlzIG9kZA","debug":{"fieldViolations":)"
        R"([{"field":"n","description":"is odd"}]}}]})");
}

TEST_CASE("ConnectEndOfStream: an error, or nothing", "[edge]") {
  CHECK(ConnectEndOfStream(absl::OkStatus()) == "{}");
  CHECK(ConnectEndOfStream(absl::AbortedError("m")) ==
        R"({"error":{"code":"aborted","message":"m"}})");
}

TEST_CASE("ToStatus: the code is the reason", "[edge]") {
  const absl::Status status = ToStatus(dialects::MakeCallerError("unauthenticated", "no token"));
  CHECK(absl::IsUnauthenticated(status));
  CHECK(status.message() == "no token");
  CHECK(GetReason(status) == "unauthenticated");
}

}  // namespace
}  // namespace countersign::edge::admin
