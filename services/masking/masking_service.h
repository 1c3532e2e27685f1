#pragma once

#include "countersign/masking/v1/masking.grpc.pb.h"
#include "libs/domain/masker.h"
#include "libs/rpc/caller.h"

namespace countersign::masking {

// MaskingService over gRPC: one domain::MaskStream per call, one response per request, in order.
// The caller must present an internal token. Both arguments must outlive the service.
class MaskingService final : public v1::MaskingService::CallbackService {
 public:
  MaskingService(domain::Masker& masker, rpc::CallerVerifier& callers)
      : masker_(masker), callers_(callers) {}

  grpc::ServerBidiReactor<v1::MaskRequest, v1::MaskResponse>* Mask(
      grpc::CallbackServerContext* context) override;

 private:
  domain::Masker& masker_;
  rpc::CallerVerifier& callers_;
};

}  // namespace countersign::masking
