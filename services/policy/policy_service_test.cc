#include "services/policy/policy_service.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/base/status.h"
#include "libs/clients/policy_decider_grpc.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/status.h"
#include "libs/testing/fake_clock.h"
#include "services/policy/policy_metrics.h"
#include "services/policy/rules/local_policy_decider.h"
#include "services/policy/testing/fake_text_engine.h"
#include "services/policy/testing/rule_fixture.h"
#include "services/policy/testing/service_fixture.h"

namespace countersign::policy {
namespace {

using rules::Allow;
using rules::Deny;
using rules::Keywords;
using rules::MakeSet;
using rules::Not;
using rules::Review;
using rules::Tokens;
using rules::When;

struct Fixture {
  rules::FakeTextEngine engine;
  rules::SnapshotHolder holder{engine};
  ThreadPool pool{1, 4};
  testing::FakeClock clock;
  metrics::Registry registry;
  PolicyMetrics metrics{registry};
  rules::LocalPolicyDecider decider{holder, pool, clock,
                                    [this](const domain::Decision& d) { metrics.Decided(d); }};
  FakeCallers callers;
  PolicyService service{decider, callers};
  InProcessServer server{&service};
  std::unique_ptr<v1::PolicyService::Stub> stub = v1::PolicyService::NewStub(server.channel());
  v1::DecideResponse response;
  v1::Verdict before = v1::VERDICT_UNSPECIFIED;

  absl::Status Decide(const std::string& text, const std::string& token = "caller",
                      const std::string& connection = "openai") {
    v1::DecideRequest request;
    request.set_connection(connection);
    auto& part = *request.mutable_prompt()->add_parts();
    part.set_role("user");
    part.set_text(text);
    request.set_verdict_before(before);
    return rpc::FromGrpc(stub->Decide(As(token).get(), request, &response));
  }
};

TEST_CASE("PolicyService: a review comes back with its reasons and terms", "[policy][rpc]") {
  Fixture fixture;
  domain::Policy review = When(Review("regulated", 5), Keywords("hipaa"));
  review.masking = "standard";
  review.recording = domain::Recording::kOrdered;
  REQUIRE(fixture.holder.Serve(MakeSet({review})).ok());
  REQUIRE(fixture.Decide("the patient").ok());
  const v1::DecideResponse& response = fixture.response;
  CHECK(response.verdict() == v1::VERDICT_REVIEW);
  CHECK(response.policy() == "regulated");
  CHECK(response.policy_version() == 7);
  CHECK(response.prompt_tokens() == 2);
  CHECK(response.masking_profile() == "standard");
  CHECK(response.recording() == v1::RECORDING_ORDERED);
  REQUIRE(response.findings_size() == 1);
  CHECK(response.findings(0).begin() == 4);
  CHECK(response.review().reviewers(0) == "security");
  CHECK(response.review().approvals() == 1);
}

TEST_CASE("PolicyService: a deny carries its message and no review terms", "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Deny("never", 1, "not here")})).ok());
  REQUIRE(fixture.Decide("x").ok());
  CHECK(fixture.response.verdict() == v1::VERDICT_DENY);
  CHECK(fixture.response.message() == "not here");
  CHECK_FALSE(fixture.response.has_review());
}

TEST_CASE("PolicyService: groups come from the token, not from the request", "[policy][rpc]") {
  Fixture fixture;
  domain::Policy allow = Allow("admins");
  allow.match.identities = {"admin"};
  REQUIRE(fixture.holder.Serve(MakeSet({allow})).ok());
  REQUIRE(fixture.Decide("x", "caller").ok());
  CHECK(fixture.response.verdict() == v1::VERDICT_DENY);
  REQUIRE(fixture.Decide("x", "admin").ok());
  CHECK(fixture.response.verdict() == v1::VERDICT_ALLOW);
}

TEST_CASE("PolicyService: without a valid token the call is UNAUTHENTICATED", "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("everyone")})).ok());
  CHECK(fixture.Decide("x", "").code() == absl::StatusCode::kUnauthenticated);
  CHECK(fixture.Decide("x", "forged").code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("PolicyService: an unknown connection is NOT_FOUND with its reason", "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({Allow("everyone")})).ok());
  const absl::Status status = fixture.Decide("x", "caller", "nowhere");
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(GetReason(status) == "unknown_connection");
}

TEST_CASE("PolicyService: before the first version it is UNAVAILABLE", "[policy][rpc]") {
  Fixture fixture;
  CHECK(fixture.Decide("x").code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("PolicyService: a failing engine is an error and never a verdict", "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({When(Allow("a"), Keywords("hipaa"))})).ok());
  fixture.engine.scan_failure = absl::InternalError("scratch space");
  CHECK(fixture.Decide("x").code() == absl::StatusCode::kInternal);
  CHECK(fixture.response.verdict() == v1::VERDICT_UNSPECIFIED);
}

TEST_CASE("GrpcPolicyDecider: understands what PolicyService answers", "[policy][rpc]") {
  Fixture fixture;
  clients::GrpcPolicyDecider client(fixture.server.channel());
  domain::Policy review = When(Review("regulated", 5), Keywords("hipaa"));
  review.review.approvals = 3;
  review.masking = "none";
  REQUIRE(fixture.holder.Serve(MakeSet({review, When(Allow("short"), Not(Tokens(2)))})).ok());

  domain::Call call;
  call.principal = std::make_shared<const domain::Principal>(rules::Ann());
  call.internal_token = std::make_shared<const SecretString>("caller");
  const auto ask = [&](const char* text) {
    std::promise<absl::StatusOr<domain::Decision>> answer;
    client.Decide(call, {"openai", std::make_shared<const domain::Prompt>(rules::UserSays(text))},
                  absl::Now() + absl::Seconds(30), [&](absl::StatusOr<domain::Decision> decision) {
                    answer.set_value(std::move(decision));
                  });
    return answer.get_future().get();
  };
  const auto held = ask("the patient");
  INFO(held.status().ToString());
  REQUIRE(held.ok());
  CHECK(held->verdict == domain::Verdict::kReview);
  CHECK(held->policy == "regulated");
  CHECK(held->policy_version == 7);
  CHECK(held->prompt_tokens == 2);
  CHECK(held->masking_profile == "none");
  CHECK(held->review.approvals == 3);
  REQUIRE(held->findings.size() == 1);
  CHECK(held->findings[0].begin == 4);
  CHECK(ask("hello")->verdict == domain::Verdict::kAllow);
  CHECK(ask("nothing fits this")->verdict == domain::Verdict::kDeny);
}

TEST_CASE("PolicyMetrics: a verdict that a call had before is not counted again", "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({When(Allow("short"), Not(Tokens(2)))})).ok());
  REQUIRE(fixture.Decide("one").ok());
  fixture.before = v1::VERDICT_ALLOW;
  REQUIRE(fixture.Decide("one").ok());            // again
  REQUIRE(fixture.Decide("one two three").ok());  // another decision
  const std::string exposed = fixture.registry.Expose();
  INFO(exposed);
  CHECK(exposed.find(R"(countersign_decisions_total{action="allow",policy="short"} 1)") !=
        std::string::npos);
  CHECK(exposed.find(R"(countersign_decisions_total{action="deny",policy=""} 1)") !=
        std::string::npos);
}

TEST_CASE("PolicyMetrics: decisions are counted by action and policy", "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.holder.Serve(MakeSet({When(Allow("short"), Not(Tokens(2)))})).ok());
  REQUIRE(fixture.Decide("one").ok());
  REQUIRE(fixture.Decide("one two").ok());
  REQUIRE(fixture.Decide("one two three").ok());
  const std::string exposed = fixture.registry.Expose();
  INFO(exposed);
  CHECK(exposed.find(R"(countersign_decisions_total{action="allow",policy="short"} 2)") !=
        std::string::npos);
  CHECK(exposed.find(R"(countersign_decisions_total{action="deny",policy=""} 1)") !=
        std::string::npos);
}

}  // namespace
}  // namespace countersign::policy
