#include "libs/clients/policy_decider_grpc.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "countersign/policy/v1/policy.grpc.pb.h"
#include "libs/clients/unary_client.h"
#include "libs/wire/decision_wire.h"
#include "libs/wire/enum_wire.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::policy::v1;
using Async = UnaryClient<v1::PolicyService>::Async;

}  // namespace

struct GrpcPolicyDecider::State {
  UnaryClient<v1::PolicyService> client;
};

GrpcPolicyDecider::GrpcPolicyDecider(const std::shared_ptr<grpc::Channel>& policy)
    : state_(new State{UnaryClient<v1::PolicyService>(policy)}) {}
GrpcPolicyDecider::~GrpcPolicyDecider() = default;

void GrpcPolicyDecider::Decide(const domain::Call& call, domain::DecisionRequest request,
                               absl::Time deadline, domain::Done<domain::Decision> done) {
  v1::DecideRequest proto;
  proto.set_connection(std::move(request.connection));
  *proto.mutable_prompt() = wire::ToProto(*request.prompt);
  if (request.verdict_before) proto.set_verdict_before(wire::ToProto(*request.verdict_before));
  state_->client.Call(
      &Async::Decide, {&call, deadline}, std::move(proto),
      [](const v1::DecideResponse& response) -> absl::StatusOr<domain::Decision> {
        absl::StatusOr<domain::Decision> decision = wire::FromProto(response);
        if (decision.ok()) return decision;
        return absl::InternalError(
            absl::StrCat("policy's answer cannot be understood: ", decision.status().message()));
      },
      std::move(done));
}

}  // namespace countersign::clients
