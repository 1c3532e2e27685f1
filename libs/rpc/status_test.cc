#include "libs/rpc/status.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "libs/grpc_wire/error_details.h"

namespace countersign::rpc {
namespace {

TEST_CASE("Status: every code, its message and its reason survive both ways", "[rpc][status]") {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status sent =
        WithReason(absl::Status(static_cast<absl::StatusCode>(code), "why"), "the_reason");
    const absl::Status back = FromGrpc(ToGrpc(sent));
    CHECK(back.code() == sent.code());
    CHECK(back.message() == "why");
    CHECK(GetReason(back) == "the_reason");
  }
}

TEST_CASE("Status: violations survive both ways, as many as fit", "[rpc][status]") {
  const std::vector<FieldViolation> violations = {{"settings.model", "is missing"}, {"n", ""}};
  const absl::Status bad = WithViolations(InvalidField("n", "is odd"), violations);
  CHECK(GetViolations(FromGrpc(ToGrpc(bad))) == violations);
  CHECK(GetViolations(FromGrpc(ToGrpc(InvalidField("n", "is odd")))) ==
        std::vector<FieldViolation>{{"n", "is odd"}});
  const std::vector<FieldViolation> many(1000, {"settings.model", "is missing"});
  const auto sent = GetViolations(FromGrpc(ToGrpc(WithViolations(bad, many))));
  CHECK(sent.size() == grpc_wire::kMostViolationBytes / 24);
}

TEST_CASE("Status: OK is OK", "[rpc][status]") {
  CHECK(ToGrpc(absl::OkStatus()).ok());
  CHECK(FromGrpc(grpc::Status::OK).ok());
}

TEST_CASE("Status: without a reason there are no details", "[rpc][status]") {
  CHECK(ToGrpc(absl::NotFoundError("x")).error_details().empty());
  CHECK(GetReason(FromGrpc(ToGrpc(absl::NotFoundError("x")))).empty());
}

TEST_CASE("Status: an unknown code is still an error", "[rpc][status]") {
  for (const auto code : {grpc::StatusCode::DO_NOT_USE, static_cast<grpc::StatusCode>(20)}) {
    CHECK(FromGrpc(grpc::Status(code, "strange")).code() == absl::StatusCode::kUnknown);
  }
}

TEST_CASE("Status: malformed details are ignored", "[rpc][status]") {
  const absl::Status back =
      FromGrpc(grpc::Status(grpc::StatusCode::ABORTED, "x", "\xff\xfe nonsense"));
  CHECK(back.code() == absl::StatusCode::kAborted);
  CHECK(GetReason(back).empty());
}

TEST_CASE("Status: a long message is truncated between characters", "[rpc][status]") {
  std::string text(6143, 'a');
  text += "\xe2\x82\xac and more";  // The euro sign lies across the limit.
  const std::string cut = ToGrpc(absl::InternalError(text)).error_message();
  CHECK(cut == std::string(6143, 'a'));
}

}  // namespace
}  // namespace countersign::rpc
