#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/crypto/public_key.h"

// JSON Web Keys (RFC 7517, RFC 8037): public verification keys only.
namespace countersign::jose {

inline constexpr std::size_t kMaxJwkSetBytes = 256u << 10;
inline constexpr std::size_t kMaxJwkSetKeys = 64;
inline constexpr std::size_t kMaxKeyIdBytes = 256;

struct Jwk {
  std::string kid;  // may be empty
  // The key's `alg`; kUnknown when it has none.
  crypto::SignatureAlgorithm algorithm = crypto::SignatureAlgorithm::kUnknown;
  crypto::PublicKey key;

  bool operator==(const Jwk& other) const {
    return kid == other.kid && algorithm == other.algorithm && key == other.key;
  }
};

struct JwkSet {
  std::vector<Jwk> keys;
  // One sentence for each ignored key, for a log: it names the key's position and never its value.
  std::vector<std::string> skipped;

  bool HasKey(absl::string_view kid) const;
};

// Reads a JWK set served by an issuer. INVALID_ARGUMENT when the body is unusable as a whole (too
// large, not strict JSON, no `keys` array, more than kMaxJwkSetKeys). Single keys that cannot
// verify signatures are ignored, as RFC 7517 §5 requires: encryption keys, symmetric keys, unknown
// types and curves, `key_ops` without `verify`, weak or malformed keys, and keys with private
// members. Issuers publish one `kid` for several algorithms, so keys with equal `kid`s are kept;
// equal keys are kept once.
absl::StatusOr<JwkSet> ParseJwkSet(absl::string_view body);

// One of our own keys as a JWK:
// {"kty":"EC","crv":"P-256","kid":…,"use":"sig","alg":"ES256","x":…,"y":…}.
std::string Es256JwkJson(absl::string_view kid, absl::string_view x, absl::string_view y);
// A JWK set of such keys: {"keys":[…]}.
std::string JwkSetJson(const std::vector<std::string>& jwks);

// The thumbprint of RFC 7638: base64url of the SHA-256 of the key's required members; used as
// `kid`.
std::string Es256Thumbprint(absl::string_view x, absl::string_view y);

}  // namespace countersign::jose
