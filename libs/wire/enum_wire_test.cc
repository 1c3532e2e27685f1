#include "libs/wire/enum_wire.h"

#include <catch2/catch.hpp>
#include <limits>

#include "libs/wire/decision_wire.h"
#include "libs/wire/resource_wire.h"

namespace countersign::wire {
namespace {

template <typename Enum>
Enum Unknown() {
  return static_cast<Enum>(99);
}

TEST_CASE("Verdict: every verdict survives, and an unknown one denies", "[wire]") {
  for (const auto verdict :
       {domain::Verdict::kDeny, domain::Verdict::kAllow, domain::Verdict::kReview}) {
    CHECK(FromProto(ToProto(verdict)) == verdict);
  }
  CHECK(FromProto(policy::v1::VERDICT_UNSPECIFIED) == domain::Verdict::kDeny);
  CHECK(FromProto(Unknown<policy::v1::Verdict>()) == domain::Verdict::kDeny);
}

TEST_CASE("Recording: both modes survive, and an unknown one is strict", "[wire]") {
  for (const auto recording : {domain::Recording::kStrict, domain::Recording::kOrdered}) {
    CHECK(FromProto(ToProto(recording)) == recording);
  }
  CHECK(FromProto(policy::v1::RECORDING_UNSPECIFIED) == domain::Recording::kStrict);
  CHECK(FromProto(Unknown<policy::v1::Recording>()) == domain::Recording::kStrict);
}

TEST_CASE("ReviewState: every state survives, and its JSON name is the domain's", "[wire]") {
  using approval::v1::Review;
  for (int i = 0; i <= static_cast<int>(domain::ReviewState::kRevoked); ++i) {
    const auto state = static_cast<domain::ReviewState>(i);
    CHECK(FromProto(ToProto(state)) == state);
    if (i > 0) CHECK(Review::State_Name(ToProto(state)) == std::string(domain::ToString(state)));
  }
  CHECK(FromProto(Unknown<Review::State>()) == domain::ReviewState::kUnspecified);
}

TEST_CASE("Direction: both survive, and anything else is refused", "[wire]") {
  for (const auto direction : {domain::Direction::kPrompt, domain::Direction::kResponse}) {
    CHECK(FromProto(ToProto(direction)).value() == direction);
  }
  for (const auto direction :
       {masking::v1::DIRECTION_UNSPECIFIED, Unknown<masking::v1::Direction>()}) {
    CHECK(FromProto(direction).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("Decision: everything survives", "[wire]") {
  domain::Decision decision;
  decision.verdict = domain::Verdict::kReview;
  decision.policy = "regulated";
  decision.policy_version = std::uint64_t{1} << 40;
  decision.message = "why";
  decision.findings = {{"regulated", "keywords", "hipaa", 1, 4, 11}};
  decision.prompt_tokens = 12;
  decision.review.reviewers = {"security"};
  decision.masking_profile = "standard";
  decision.recording = domain::Recording::kOrdered;
  const domain::Decision back = FromProto(ToProto(decision)).value();
  CHECK(back.verdict == domain::Verdict::kReview);
  CHECK(back.policy == "regulated");
  CHECK(back.policy_version == std::uint64_t{1} << 40);
  CHECK(back.message == "why");
  REQUIRE(back.findings.size() == 1);
  CHECK(back.findings[0].end == 11);
  CHECK(back.prompt_tokens == 12);
  CHECK(back.review.reviewers == std::vector<std::string>{"security"});
  CHECK(back.masking_profile == "standard");
  CHECK(back.recording == domain::Recording::kOrdered);
}

TEST_CASE("Decision: an empty answer denies, masks and records strictly", "[wire]") {
  const domain::Decision decision = FromProto(policy::v1::DecideResponse()).value();
  CHECK(decision.verdict == domain::Verdict::kDeny);
  CHECK(decision.masking_profile == "tier1");
  CHECK(decision.recording == domain::Recording::kStrict);
}

TEST_CASE("Decision: a review without terms is refused", "[wire]") {
  policy::v1::DecideResponse proto;
  proto.set_verdict(policy::v1::VERDICT_REVIEW);
  CHECK(FromProto(proto).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Decision: a count beyond 32 bits is sent as the largest", "[wire]") {
  domain::Decision decision;
  decision.prompt_tokens = std::numeric_limits<std::size_t>::max();
  CHECK(ToProto(decision).prompt_tokens() == std::numeric_limits<std::uint32_t>::max());
}

TEST_CASE("ResourceList: kind, name, spec and 64-bit versions survive", "[wire]") {
  domain::ResourceList list;
  list.version = (std::uint64_t{1} << 32) + 2;
  list.resources = {{"Policy", "p", {{"team", "core"}}, "{}", list.version, absl::UnixEpoch()}};
  const policy::v1::WatchResponse proto = ToProto(list, 3);
  CHECK(proto.draft_id() == 3);
  const domain::ResourceList back = FromProto(proto);
  CHECK(back.version == list.version);
  REQUIRE(back.resources.size() == 1);
  CHECK(back.resources[0].kind == "Policy");
  CHECK(back.resources[0].name == "p");
  CHECK(back.resources[0].spec == "{}");
  CHECK(back.resources[0].version == list.version);
}

}  // namespace
}  // namespace countersign::wire
