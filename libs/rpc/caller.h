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

// Internal tokens travel in this metadata key, never in a header that came from outside.
inline constexpr char kInternalTokenKey[] = "countersign-internal-token";

// Verifies internal tokens (ES256, typ cs-internal+jwt, audience countersign-internal) and gives
// back the principal that authn put in. Results are cached by digest until they expire. The real
// one is TokenCallerVerifier; tests use a fake. Thread-safe.
class CallerVerifier {
 public:
  virtual ~CallerVerifier() = default;
  // UNAUTHENTICATED when the call carries no valid token.
  virtual absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) = 0;
};

// The verified principal on whose behalf `context`'s call is made. UNAUTHENTICATED when there is
// none.
absl::StatusOr<std::shared_ptr<const domain::Principal>> VerifyCaller(
    const grpc::ServerContextBase& context, CallerVerifier& verifier);

// CallerVerifier over libs/jose. `tokens` outlives it.
class TokenCallerVerifier final : public CallerVerifier {
 public:
  explicit TokenCallerVerifier(jose::InternalTokenVerifier& tokens) : tokens_(tokens) {}
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(absl::string_view token) override;

 private:
  jose::InternalTokenVerifier& tokens_;
};

}  // namespace countersign::rpc
