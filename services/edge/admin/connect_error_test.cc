#include "services/edge/admin/connect_error.h"

#include <catch2/catch.hpp>

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

}  // namespace
}  // namespace countersign::edge::admin
