#pragma once

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "services/authn/exchange/caller_token.h"
#include "services/authn/exchange/token_exchange.h"

namespace countersign::authn::exchange {

// TokenService over gRPC, for the edge. The constructor's arguments must outlive it.
class TokenService final : public v1::TokenService::CallbackService {
 public:
  TokenService(TokenExchange& exchange, const CallerTokens& tokens)
      : exchange_(exchange), tokens_(tokens) {}

  grpc::ServerUnaryReactor* ExchangeToken(grpc::CallbackServerContext* context,
                                          const v1::ExchangeTokenRequest* request,
                                          v1::ExchangeTokenResponse* response) override;
  grpc::ServerUnaryReactor* GetTokenKeys(grpc::CallbackServerContext* context,
                                         const v1::GetTokenKeysRequest* request,
                                         v1::GetTokenKeysResponse* response) override;

 private:
  TokenExchange& exchange_;
  const CallerTokens& tokens_;
};

}  // namespace countersign::authn::exchange
