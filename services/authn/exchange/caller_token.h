#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/crypto/ec_signing_key.h"
#include "libs/domain/principal.h"
#include "libs/jose/jwt.h"

// The tokens that callers get in exchange for their credentials: JWTs with ES256 (RFC 9068), which
// they send as their API key. They have their own key, issuer, audience and type: an internal token
// is never one, and one is never an internal token.
namespace countersign::authn::exchange {

inline constexpr absl::string_view kCallerTokenType = "at+jwt";
inline constexpr absl::string_view kCallerTokenIssuer = "countersign";
inline constexpr absl::string_view kCallerTokenAudience = "countersign";
inline constexpr absl::Duration kMaxCallerTokenLifetime = absl::Hours(1);
inline constexpr std::size_t kMaxActors = 4;

// Who an exchanged credential stood for. A token says this instead of roles, so that roles,
// revocations and the resources of each later moment hold for it.
struct Party {
  std::string provider;  // the IdentityProvider; "" for an access key
  std::string key_id;    // the access key; "" for a provider's
  std::string issuer;
  std::string subject;
  std::string name;
  std::string identity;  // "": none matched
  std::uint64_t identity_version = 0;
  domain::IdentityKind kind = domain::IdentityKind::kUnspecified;
  std::string owner;
  std::vector<std::string> groups;  // the issuer's, not the Identity's
};

struct CallerToken {
  Party subject;
  std::vector<Party> actors;  // who acts for the subject, the latest first; at most kMaxActors
  absl::Time issued_at;
  absl::Time expires_at;
};

// Mints and verifies caller tokens. Immutable, thread-safe.
class CallerTokens {
 public:
  // The key id is the thumbprint of the public key (RFC 7638).
  explicit CallerTokens(const crypto::EcSigningKey& key);

  // `id` is the token's `jti`. INVALID_ARGUMENT `token_too_large` when the token would be longer
  // than verifiers accept.
  absl::StatusOr<SecretString> Mint(const CallerToken& token, absl::string_view id) const;

  // Whether the token names us as its issuer; its signature is not verified.
  static bool IsCallerToken(const jose::UnverifiedToken& token);

  // UNAUTHENTICATED with a reason of libs/jose/jwt.h.
  absl::StatusOr<CallerToken> Verify(const jose::UnverifiedToken& token, absl::Time now) const;

  // The JWK set that verifies the tokens.
  const std::string& public_keys() const { return public_keys_; }

 private:
  const crypto::EcSigningKey key_;
  const std::string kid_;
  const std::string public_keys_;
  jose::JwkSet verification_keys_;
};

}  // namespace countersign::authn::exchange
