#include "services/authn/directory/identity_service.h"

#include "libs/base/status.h"
#include "libs/rpc/handler.h"
#include "services/authn/authn_wire.h"

namespace countersign::authn::directory {

grpc::ServerUnaryReactor* IdentityService::WhoAmI(grpc::CallbackServerContext* context,
                                                  const v1::WhoAmIRequest* /*request*/,
                                                  v1::WhoAmIResponse* response) {
  return rpc::FinishInline(context, [&]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(const auto caller, rpc::VerifyCaller(*context, callers_));
    *response = ToProto(*caller);
    return absl::OkStatus();
  });
}

}  // namespace countersign::authn::directory
