#include "libs/grpc_wire/error_details.h"

#include <google/protobuf/duration.pb.h>

#include <catch2/catch.hpp>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace countersign::grpc_wire {
namespace {

TEST_CASE("EncodeStatus: what protobuf reads is what was given", "[grpc_wire]") {
  ErrorDetails details;
  details.reason = "policy_denied";
  details.retry_after = absl::Milliseconds(1500);
  details.violations = {{"spec.url", "is not a URL"}, {"metadata.name", ""}};
  const std::string message(300, 'm');  // a length of two bytes
  google::rpc::Status status;
  REQUIRE(status.ParseFromString(EncodeStatus(absl::InvalidArgumentError(message), details)));
  CHECK(status.code() == 3);
  CHECK(status.message() == message);
  REQUIRE(status.details_size() == 3);
  google::rpc::ErrorInfo info;
  REQUIRE(status.details(0).UnpackTo(&info));
  CHECK(info.reason() == "policy_denied");
  CHECK(info.domain() == "countersign");
  google::rpc::RetryInfo retry;
  REQUIRE(status.details(1).UnpackTo(&retry));
  CHECK(retry.retry_delay().seconds() == 1);
  CHECK(retry.retry_delay().nanos() == 500'000'000);
  google::rpc::BadRequest bad_request;
  REQUIRE(status.details(2).UnpackTo(&bad_request));
  REQUIRE(bad_request.field_violations_size() == 2);
  CHECK(bad_request.field_violations(0).field() == "spec.url");
  CHECK(bad_request.field_violations(0).description() == "is not a URL");
  CHECK(bad_request.field_violations(1).field() == "metadata.name");
}

TEST_CASE("EncodeStatus: nothing without details", "[grpc_wire]") {
  CHECK(EncodeStatus(absl::NotFoundError("no such key"), ErrorDetails()).empty());
}

TEST_CASE("EncodeErrorInfo: reason and domain", "[grpc_wire]") {
  google::rpc::ErrorInfo info;
  REQUIRE(info.ParseFromString(EncodeErrorInfo("killed")));
  CHECK(info.reason() == "killed");
  CHECK(info.domain() == "countersign");
  CHECK(info.metadata().empty());
}

TEST_CASE("EncodeErrorInfo: metadata", "[grpc_wire]") {
  google::rpc::ErrorInfo info;
  REQUIRE(info.ParseFromString(
      EncodeErrorInfo("review_denied", {{"review_id", "review-1"}, {"empty", ""}})));
  CHECK(info.metadata().size() == 2);
  CHECK(info.metadata().at("review_id") == "review-1");
}

}  // namespace
}  // namespace countersign::grpc_wire
