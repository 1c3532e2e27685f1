#include "libs/rpc/caller.h"

#include <grpcpp/server_context.h>

#include "libs/base/status.h"
#include "libs/jose/internal_token.h"

namespace countersign::rpc {

absl::StatusOr<std::shared_ptr<const domain::Principal>> VerifyCaller(
    const grpc::ServerContextBase& context, CallerVerifier& verifier) {
  const auto [first, last] = context.client_metadata().equal_range(kInternalTokenKey);
  if (first == last) {
    return WithReason(absl::UnauthenticatedError("the call carries no internal token"),
                      "credential_missing");
  }
  if (std::next(first) != last) {
    return WithReason(absl::UnauthenticatedError("the call carries two internal tokens"),
                      "credential_malformed");
  }
  return verifier.Verify(absl::string_view(first->second.data(), first->second.size()));
}

absl::StatusOr<std::shared_ptr<const domain::Principal>> TokenCallerVerifier::Verify(
    absl::string_view token) {
  return tokens_.Verify(token);
}

}  // namespace countersign::rpc
