#pragma once

#include <string>

#include "libs/crypto/ec_signing_key.h"
#include "services/authn/internal_tokens/token_minter.h"

namespace countersign::authn::internal_tokens {

// Mints internal tokens with cpp-jwt. It only ever sees claims that authn made itself: what callers
// send is read by libs/jose, because cpp-jwt 1.4 is not fit for that (README).
class CppJwtMinter final : public TokenMinter {
 public:
  // The key id is the thumbprint of the public key (RFC 7638).
  explicit CppJwtMinter(const crypto::EcSigningKey& key);

  // INTERNAL when cpp-jwt refuses, which it has no reason to.
  absl::StatusOr<MintedToken> Mint(const domain::Principal& principal, absl::Time now) override;
  std::string PublicKeys() const override { return public_keys_; }

 private:
  const SecretString pem_;
  const std::string kid_;
  const std::string public_keys_;
};

}  // namespace countersign::authn::internal_tokens
