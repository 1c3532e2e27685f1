#pragma once

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/rpc/caller.h"

namespace countersign::authn::directory {

// IdentityService over gRPC: what a caller may ask about itself.
class IdentityService final : public v1::IdentityService::CallbackService {
 public:
  explicit IdentityService(rpc::CallerVerifier& callers) : callers_(callers) {}

  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context,
                                   const v1::WhoAmIRequest* request,
                                   v1::WhoAmIResponse* response) override;

 private:
  rpc::CallerVerifier& callers_;
};

}  // namespace countersign::authn::directory
