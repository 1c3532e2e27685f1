#include <catch2/catch.hpp>
#include <limits>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/status.h"
#include "libs/wire/error_info.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::wire {
namespace {

domain::ReviewTerms Terms() {
  domain::ReviewTerms terms;
  terms.reviewers = {"security", "legal"};
  terms.approvals = 2;
  terms.pending_ttl = absl::Minutes(7);
  terms.hold = absl::Milliseconds(1500);
  terms.grant_ttl = absl::Minutes(3);
  terms.grant_uses = 4;
  return terms;
}

TEST_CASE("Prompt: everything survives conversion to proto and back", "[wire]") {
  domain::Prompt prompt;
  prompt.operation = "chat.completions";
  prompt.model = "m";
  prompt.stream = true;
  prompt.parts = {{"system", "/messages/0/content", "a"}, {"user", "/messages/1/content", "ü"}};
  prompt.parameters = {{"max_tokens", 8000}, {"temperature", 0.5}};
  prompt.tools = {"search", "run"};
  const domain::Prompt back = FromProto(ToProto(prompt));
  CHECK(back.operation == prompt.operation);
  CHECK(back.model == prompt.model);
  CHECK(back.stream);
  REQUIRE(back.parts.size() == 2);
  CHECK(back.parts[1].role == "user");
  CHECK(back.parts[1].pointer == "/messages/1/content");
  CHECK(back.parts[1].text == "ü");
  CHECK(back.parameters == prompt.parameters);
  CHECK(back.tools == prompt.tools);
}

TEST_CASE("Finding: everything survives; a reversed span is refused", "[wire]") {
  auto proto = ToProto(domain::Finding{"p", "keywords", "hipaa", 3, 10, 14});
  const auto back = FromProto(proto).value();
  CHECK(back.policy == "p");
  CHECK(back.condition == "keywords");
  CHECK(back.rule == "hipaa");
  CHECK(back.part == 3);
  CHECK(back.begin == 10);
  CHECK(back.end == 14);
  proto.set_begin(15);
  CHECK(FromProto(proto).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("ReviewTerms: everything survives", "[wire]") {
  const auto back = FromProto(ToProto(Terms())).value();
  CHECK(back.reviewers == Terms().reviewers);
  CHECK(back.approvals == 2);
  CHECK(back.pending_ttl == absl::Minutes(7));
  CHECK(back.hold == absl::Milliseconds(1500));
  CHECK(back.grant_ttl == absl::Minutes(3));
  CHECK(back.grant_uses == 4);
}

TEST_CASE("ReviewTerms: terms that would weaken a review are refused", "[wire]") {
  const auto refused = [](auto change) {
    auto proto = ToProto(Terms());
    change(proto);
    return FromProto(proto).status().code() == absl::StatusCode::kInvalidArgument;
  };
  CHECK(refused([](auto& terms) { terms.clear_reviewers(); }));
  CHECK(refused([](auto& terms) { terms.set_approvals(0); }));
  CHECK(refused([](auto& terms) { terms.set_approvals(4'000'000'000u); }));
  CHECK(refused([](auto& terms) { terms.set_grant_uses(0); }));
  CHECK(refused([](auto& terms) { terms.set_pending_ttl_ms(0); }));
  CHECK(refused([](auto& terms) { terms.set_grant_ttl_ms(0); }));
  CHECK(refused([](auto& terms) {
    terms.set_grant_kind(static_cast<countersign::domain::v1::GrantKind>(99));
  }));
  CHECK(refused([](auto& terms) { terms.clear_grant_kind(); }));
}

TEST_CASE("ReviewTerms: a negative number of approvals does not become a large one", "[wire]") {
  domain::ReviewTerms terms = Terms();
  terms.approvals = -1;
  CHECK_FALSE(FromProto(ToProto(terms)).ok());
}

TEST_CASE("Timestamp: nanoseconds survive, before 1970 too", "[wire]") {
  for (const absl::Time time :
       {absl::FromUnixNanos(1'700'000'000'123'456'789), absl::FromUnixNanos(-1'500'000'001)}) {
    CHECK(FromProto(ToProto(time)).value() == time);
  }
}

TEST_CASE("Timestamp: infinite times stay in range", "[wire]") {
  CHECK(FromProto(ToProto(absl::InfiniteFuture())).ok());
  CHECK(FromProto(ToProto(absl::InfinitePast())).ok());
}

TEST_CASE("Timestamp: values out of range are refused", "[wire]") {
  google::protobuf::Timestamp proto;
  proto.set_seconds(std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(FromProto(proto).ok());
  proto.set_seconds(0);
  proto.set_nanos(-1);
  CHECK_FALSE(FromProto(proto).ok());
}

TEST_CASE("StatusDetails: the reason survives", "[wire]") {
  const auto status = WithReason(absl::PermissionDeniedError("no"), "policy_denied");
  CHECK(GetReason(WithDetails(absl::NotFoundError(""), StatusDetails(status))) == "policy_denied");
  CHECK(StatusDetails(absl::PermissionDeniedError("no")).empty());
}

TEST_CASE("WithDetails: malformed values and other domains give no reason", "[wire]") {
  CHECK(GetReason(WithDetails(absl::NotFoundError(""), "\xff\xff\xff")).empty());
  CHECK(GetReason(WithDetails(absl::NotFoundError(""), "")).empty());
  google::rpc::ErrorInfo info;
  info.set_reason("policy_denied");
  info.set_domain("example.com");
  google::rpc::Status status;
  status.add_details()->PackFrom(info);
  CHECK(GetReason(WithDetails(absl::NotFoundError(""), status.SerializeAsString())).empty());
}

}  // namespace
}  // namespace countersign::wire
