#include "services/authn/exchange/token_service.h"

#include <utility>

#include "libs/rpc/handler.h"
#include "services/authn/authn_wire.h"

namespace countersign::authn::exchange {

grpc::ServerUnaryReactor* TokenService::ExchangeToken(grpc::CallbackServerContext* context,
                                                      const v1::ExchangeTokenRequest* request,
                                                      v1::ExchangeTokenResponse* response) {
  return rpc::FinishLater(context, [&](rpc::Finisher finish) {
    exchange_.Exchange(
        FromProto(*request, rpc::GetDeadline(*context)),
        [response, finish = std::move(finish)](absl::StatusOr<domain::IssuedToken> token) mutable {
          if (token.ok()) *response = ToProto(*token);
          finish(token.status());
        });
  });
}

grpc::ServerUnaryReactor* TokenService::GetTokenKeys(grpc::CallbackServerContext* context,
                                                     const v1::GetTokenKeysRequest* /*request*/,
                                                     v1::GetTokenKeysResponse* response) {
  return rpc::FinishInline(context, [&]() -> absl::Status {
    response->set_jwks(tokens_.public_keys());
    return absl::OkStatus();
  });
}

}  // namespace countersign::authn::exchange
