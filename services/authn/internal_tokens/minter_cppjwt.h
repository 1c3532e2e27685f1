#pragma once

#include <string>

#include "libs/crypto/ec_signing_key.h"
#include "services/authn/internal_tokens/token_minter.h"

namespace countersign::authn::internal_tokens {

// Mints internal tokens with cpp-jwt, from claims made by authn. Callers' tokens are read by
// libs/jose, because cpp-jwt 1.4 is not safe for untrusted input (README).
class CppJwtMinter final : public TokenMinter {
 public:
  // The key id is the thumbprint of the public key (RFC 7638).
  explicit CppJwtMinter(const crypto::EcSigningKey& key);

  // INTERNAL when cpp-jwt fails, which is not expected.
  absl::StatusOr<MintedToken> Mint(const domain::Principal& principal, absl::Time now) override;
  std::string PublicKeys() const override { return public_keys_; }

 private:
  const SecretString pem_;
  const std::string kid_;
  const std::string public_keys_;
};

}  // namespace countersign::authn::internal_tokens
