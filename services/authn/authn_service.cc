#include "services/authn/authn_service.h"

#include <string>
#include <utility>

#include "libs/base/status.h"
#include "libs/rpc/handler.h"
#include "services/authn/authn_wire.h"
#include "services/authn/revocation/revocation_stream_grpc.h"

namespace countersign::authn {

grpc::ServerUnaryReactor* AuthnService::Authenticate(grpc::CallbackServerContext* context,
                                                     const v1::AuthenticateRequest* request,
                                                     v1::AuthenticateResponse* response) {
  return rpc::FinishLater(context, [&](rpc::Finisher finish) {
    const absl::StatusOr<absl::Time> accepted = AcceptedAt(*request);
    if (!accepted.ok()) return finish(accepted.status());
    authn_.authenticator.AuthenticateAgain(
        SecretString(request->credential()), *accepted, rpc::GetDeadline(*context),
        [response, finish = std::move(finish)](absl::StatusOr<domain::Authenticated> who) mutable {
          if (who.ok()) *response = ToProto(*who);
          finish(who.status());
        });
  });
}

grpc::ServerUnaryReactor* AuthnService::LeaseCredential(grpc::CallbackServerContext* context,
                                                        const v1::LeaseCredentialRequest* request,
                                                        v1::LeaseCredentialResponse* response) {
  return rpc::FinishLater(context, [&](rpc::Finisher finish) {
    auto caller = rpc::VerifyCaller(*context, callers_);
    if (!caller.ok()) return finish(caller.status());
    domain::Call call;
    call.principal = *std::move(caller);
    authn_.authenticator.LeaseCredential(
        call, request->connection(), request->connection_version(), rpc::GetDeadline(*context),
        [response,
         finish = std::move(finish)](absl::StatusOr<domain::CredentialLease> lease) mutable {
          if (lease.ok()) *response = ToProto(*lease);
          finish(lease.status());
        });
  });
}

grpc::ServerUnaryReactor* AuthnService::SealCredential(grpc::CallbackServerContext* context,
                                                       const v1::SealCredentialRequest* request,
                                                       v1::SealCredentialResponse* response) {
  return rpc::FinishInline(context, [&]() -> absl::Status {
    CS_ASSIGN_OR_RETURN(std::string sealed,
                        authn_.sealer.SealNow(request->name(), SecretString(request->plaintext()),
                                              request->previous()));
    response->set_sealed(std::move(sealed));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AuthnService::GetInternalKeys(
    grpc::CallbackServerContext* context, const v1::GetInternalKeysRequest* /*request*/,
    v1::GetInternalKeysResponse* response) {
  return rpc::FinishInline(context, [&]() -> absl::Status {
    response->set_jwks(minter_.PublicKeys());
    return absl::OkStatus();
  });
}

grpc::ServerBidiReactor<v1::WatchRevocationsRequest, v1::WatchRevocationsResponse>*
AuthnService::WatchRevocations(grpc::CallbackServerContext* /*context*/) {
  return revocation::NewRevocationStream(authn_.revocations);
}

}  // namespace countersign::authn
