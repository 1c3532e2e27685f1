#pragma once

#include "countersign/policy/v1/policy.grpc.pb.h"
#include "libs/domain/policy_decider.h"
#include "libs/rpc/caller.h"

namespace countersign::policy {

// PolicyService over gRPC, for the principal of the call's internal token.
class PolicyService final : public v1::PolicyService::CallbackService {
 public:
  PolicyService(domain::PolicyDecider& decider, rpc::CallerVerifier& callers)
      : decider_(decider), callers_(callers) {}

  grpc::ServerUnaryReactor* Decide(grpc::CallbackServerContext* context,
                                   const v1::DecideRequest* request,
                                   v1::DecideResponse* response) override;

 private:
  domain::PolicyDecider& decider_;
  rpc::CallerVerifier& callers_;
};

}  // namespace countersign::policy
