#pragma once

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/rpc/caller.h"
#include "services/authn/authn.h"
#include "services/authn/internal_tokens/token_minter.h"

namespace countersign::authn {

// AuthnService over gRPC, for the edge and the other services. Which service may call which method
// is decided by libs/rpc/peer_rules. The constructor's arguments must outlive it.
class AuthnService final : public v1::AuthnService::CallbackService {
 public:
  AuthnService(Authn& authn, const internal_tokens::TokenMinter& minter,
               rpc::CallerVerifier& callers)
      : authn_(authn), minter_(minter), callers_(callers) {}

  grpc::ServerUnaryReactor* Authenticate(grpc::CallbackServerContext* context,
                                         const v1::AuthenticateRequest* request,
                                         v1::AuthenticateResponse* response) override;
  grpc::ServerUnaryReactor* LeaseCredential(grpc::CallbackServerContext* context,
                                            const v1::LeaseCredentialRequest* request,
                                            v1::LeaseCredentialResponse* response) override;
  grpc::ServerUnaryReactor* SealCredential(grpc::CallbackServerContext* context,
                                           const v1::SealCredentialRequest* request,
                                           v1::SealCredentialResponse* response) override;
  grpc::ServerUnaryReactor* GetInternalKeys(grpc::CallbackServerContext* context,
                                            const v1::GetInternalKeysRequest* request,
                                            v1::GetInternalKeysResponse* response) override;
  grpc::ServerBidiReactor<v1::WatchRevocationsRequest, v1::WatchRevocationsResponse>*
  WatchRevocations(grpc::CallbackServerContext* context) override;

 private:
  Authn& authn_;
  const internal_tokens::TokenMinter& minter_;
  rpc::CallerVerifier& callers_;
};

}  // namespace countersign::authn
