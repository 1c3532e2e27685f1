#pragma once

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/domain/review_gate.h"
#include "libs/rpc/caller.h"

namespace countersign::approval::gate {

// ReviewGateService over gRPC: calls a ReviewGate for the principal of the call's internal token.
class ReviewGateService final : public v1::ReviewGateService::CallbackService {
 public:
  // All arguments must outlive the service.
  ReviewGateService(domain::ReviewGate& gate, rpc::CallerVerifier& callers, const Clock& clock)
      : gate_(gate), callers_(callers), clock_(clock) {}

  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* context,
                                 const v1::JoinRequest* request,
                                 v1::ReviewStatus* response) override;
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::ReviewStatus* response) override;
  // Answers with the state after `wait_ms`, and early enough for the call's own deadline.
  grpc::ServerUnaryReactor* Wait(grpc::CallbackServerContext* context,
                                 const v1::WaitRequest* request,
                                 v1::ReviewStatus* response) override;
  grpc::ServerUnaryReactor* Consume(grpc::CallbackServerContext* context,
                                    const v1::ConsumeRequest* request,
                                    v1::ConsumeResponse* response) override;
  grpc::ServerUnaryReactor* Leave(grpc::CallbackServerContext* context,
                                  const v1::LeaveRequest* request,
                                  v1::LeaveResponse* response) override;

 private:
  absl::StatusOr<domain::Call> ToCall(const grpc::CallbackServerContext& context) const;

  domain::ReviewGate& gate_;
  rpc::CallerVerifier& callers_;
  const Clock& clock_;
};

}  // namespace countersign::approval::gate
