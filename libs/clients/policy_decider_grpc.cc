#include "libs/clients/policy_decider_grpc.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "countersign/policy/v1/policy.grpc.pb.h"
#include "libs/clients/call_group.h"
#include "libs/wire/decision_wire.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::clients {

namespace v1 = countersign::policy::v1;

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
        absl::StatusOr<domain::Decision> decision = wire::FromProto(*response);
        if (!decision.ok()) {
          return done(absl::InternalError(
              absl::StrCat("policy's answer cannot be understood: ", decision.status().message())));
        }
        done(std::move(decision));
      });
}

}  // namespace countersign::clients
