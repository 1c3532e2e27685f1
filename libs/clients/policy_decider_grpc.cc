#include "libs/clients/policy_decider_grpc.h"

#include <utility>

#include "countersign/policy/v1/policy.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/clients/call_group.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::policy::v1;

domain::Verdict VerdictOf(absl::string_view text) {
  if (text == "allow") return domain::Verdict::kAllow;
  if (text == "review") return domain::Verdict::kReview;
  return domain::Verdict::kDeny;
}

absl::StatusOr<domain::Decision> ToDecision(const v1::DecideResponse& response) {
  domain::Decision decision;
  decision.verdict = VerdictOf(response.verdict());
  decision.policy = response.policy();
  decision.policy_version = response.policy_version();
  decision.message = response.message();
  for (const auto& proto : response.findings()) {
    CS_ASSIGN_OR_RETURN(domain::Finding finding, wire::FromProto(proto));
    decision.findings.push_back(std::move(finding));
  }
  decision.prompt_tokens = response.prompt_tokens();
  if (decision.verdict == domain::Verdict::kReview) {
    CS_ASSIGN_OR_RETURN(decision.review, wire::FromProto(response.review()));
  }
  if (!response.masking_profile().empty()) decision.masking_profile = response.masking_profile();
  if (response.recording() == "ordered") decision.recording = domain::Recording::kOrdered;
  return decision;
}

}  // namespace

struct GrpcPolicyDecider::State {
  std::unique_ptr<v1::PolicyService::Stub> stub;
  CallGroup calls;
};

GrpcPolicyDecider::GrpcPolicyDecider(const std::shared_ptr<grpc::Channel>& policy)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::PolicyService::NewStub(policy);
}
GrpcPolicyDecider::~GrpcPolicyDecider() = default;

void GrpcPolicyDecider::Decide(const domain::Call& call, const std::string& connection,
                               std::shared_ptr<const domain::Prompt> prompt, absl::Time deadline,
                               domain::Done<domain::Decision> done) {
  v1::DecideRequest request;
  request.set_connection(connection);
  *request.mutable_prompt() = wire::ToProto(*prompt);
  state_->calls.Unary<v1::DecideResponse>(
      &call, deadline, std::move(request),
      [this](auto... args) { state_->stub->async()->Decide(std::move(args)...); },
      [done = std::move(done)](absl::StatusOr<v1::DecideResponse> response) mutable {
        if (!response.ok()) return done(response.status());
        absl::StatusOr<domain::Decision> decision = ToDecision(*response);
        if (!decision.ok()) {
          return done(absl::InternalError(
              absl::StrCat("policy's answer cannot be understood: ", decision.status().message())));
        }
        done(std::move(decision));
      });
}

}  // namespace countersign::clients
