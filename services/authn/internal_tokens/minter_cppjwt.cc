#include "services/authn/internal_tokens/minter_cppjwt.h"

#include <exception>
#include <jwt/jwt.hpp>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/jose/internal_token.h"
#include "libs/jose/jwk.h"

namespace countersign::authn::internal_tokens {

CppJwtMinter::CppJwtMinter(const crypto::EcSigningKey& key)
    : pem_(key.pem()),
      kid_(jose::Es256Thumbprint(key.x(), key.y())),
      public_keys_(jose::JwkSetJson({jose::Es256JwkJson(kid_, key.x(), key.y())})) {}

absl::StatusOr<MintedToken> CppJwtMinter::Mint(const domain::Principal& principal, absl::Time now) {
  try {
    jwt::jwt_object token(jwt::params::algorithm("ES256"), jwt::params::secret(pem_.Reveal()));
    token.header().add_header("typ", std::string(jose::kInternalTokenType), true);
    token.header().add_header("kid", kid_);
    const auto claims = nlohmann::json::parse(jose::InternalClaimsJson(principal, now));
    for (const auto& [name, value] : claims.items()) token.payload().add_claim(name, value);
    std::error_code error;
    std::string compact = token.signature(error);
    if (error) return absl::InternalError(absl::StrCat("minting failed: ", error.message()));
    return MintedToken{SecretString(std::move(compact)), jose::InternalTokenExpiry(principal, now)};
  } catch (const std::exception& failure) {
    return absl::InternalError(absl::StrCat("minting failed: ", failure.what()));
  }
}

}  // namespace countersign::authn::internal_tokens
