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
  // What the key says it is for; kUnknown when it says nothing.
  crypto::SignatureAlgorithm algorithm = crypto::SignatureAlgorithm::kUnknown;
  crypto::PublicKey key;

  bool operator==(const Jwk& other) const {
    return kid == other.kid && algorithm == other.algorithm && key == other.key;
  }
};

struct JwkSet {
  std::vector<Jwk> keys;
  // One sentence per key that was left out, for a log: it names the position, never the value.
  std::vector<std::string> skipped;

  bool HasKey(absl::string_view kid) const;
};

// Reads a JWK set from a body that an issuer served. INVALID_ARGUMENT when the body as a whole
// cannot be one (too large, not strict JSON, no `keys` array, more than kMaxJwkSetKeys). Single
// keys that cannot verify signatures are left out, as RFC 7517 §5 asks: encryption keys, symmetric
// ones, unknown types and curves, `key_ops` without `verify`, weak or malformed ones, and any that
// carries private members. Real issuers publish one `kid` for several algorithms, so equal `kid`s
// are kept; equal keys are kept once.
absl::StatusOr<JwkSet> ParseJwkSet(absl::string_view body);

// {"kty":"EC","crv":"P-256","kid":…,"use":"sig","alg":"ES256","x":…,"y":…}: a key of our own.
std::string Es256JwkJson(absl::string_view kid, absl::string_view x, absl::string_view y);
// {"keys":[…]} of such members.
std::string JwkSetJson(const std::vector<std::string>& jwks);

// RFC 7638: base64url of the SHA-256 of the key's required members. A `kid` for our own keys.
std::string Es256Thumbprint(absl::string_view x, absl::string_view y);

}  // namespace countersign::jose
