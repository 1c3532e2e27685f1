#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/domain/principal.h"

namespace grpc {
class ServerContextBase;
}  // namespace grpc

namespace countersign::jose {
class InternalTokenVerifier;
}  // namespace countersign::jose

namespace countersign::rpc {

// The metadata key of internal tokens; never taken from a header of an external request.
inline constexpr char kInternalTokenKey[] = "countersign-internal-token";

// Verifies internal tokens (ES256, typ cs-internal+jwt, audience countersign-internal) and returns
// their principal. Results are cached by digest until they expire. Production uses
// TokenCallerVerifier, tests a fake. Thread-safe.
class CallerVerifier {
 public:
  virtual ~CallerVerifier() = default;
  // UNAUTHENTICATED when `token` is not valid.
  virtual absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) = 0;
};

// The verified principal of the call of `context`. UNAUTHENTICATED without exactly one valid token.
absl::StatusOr<std::shared_ptr<const domain::Principal>> VerifyCaller(
    const grpc::ServerContextBase& context, CallerVerifier& verifier);

// A CallerVerifier based on libs/jose. `tokens` must outlive it.
class TokenCallerVerifier final : public CallerVerifier {
 public:
  explicit TokenCallerVerifier(jose::InternalTokenVerifier& tokens) : tokens_(tokens) {}
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(absl::string_view token) override;

 private:
  jose::InternalTokenVerifier& tokens_;
};

}  // namespace countersign::rpc
