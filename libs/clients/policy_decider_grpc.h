#pragma once

#include <memory>
#include <string>

#include "libs/domain/policy_decider.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// PolicyDecider over gRPC. An answer that cannot be understood never allows: an unknown verdict is
// a deny, invalid review terms are an error. Destruction cancels outstanding calls.
class GrpcPolicyDecider final : public domain::PolicyDecider {
 public:
  explicit GrpcPolicyDecider(const std::shared_ptr<grpc::Channel>& policy);
  ~GrpcPolicyDecider() override;

  void Decide(const domain::Call& call, domain::DecisionRequest request, absl::Time deadline,
              domain::Done<domain::Decision> done) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
