#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/domain/principal.h"

namespace countersign::authn::internal_tokens {

struct MintedToken {
  SecretString token;
  absl::Time expires_at = absl::InfinitePast();
};

// Mints internal tokens (libs/jose/internal_token.h). Thread-safe; does not block.
class TokenMinter {
 public:
  virtual ~TokenMinter() = default;
  virtual absl::StatusOr<MintedToken> Mint(const domain::Principal& principal, absl::Time now) = 0;
  // The JWK set that verifies tokens of Mint.
  virtual std::string PublicKeys() const = 0;
};

}  // namespace countersign::authn::internal_tokens
