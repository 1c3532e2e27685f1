#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct evp_pkey_st;

namespace countersign::crypto {

enum class KeyType { kRsa, kP256, kP384, kEd25519 };

// The accepted signature algorithms of RFC 7518 and RFC 8037. "none" and HS* have no value, so they
// cannot be requested.
enum class SignatureAlgorithm {
  kUnknown,
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEdDsa,
};
absl::string_view ToString(SignatureAlgorithm algorithm);  // "RS256", …; "" for kUnknown
// Exact and case-sensitive; kUnknown for other names.
SignatureAlgorithm SignatureAlgorithmFromString(absl::string_view name);

// Whether `algorithm` can be used with a key of `type` (ES256 with P-256 only, and so on).
bool Fits(SignatureAlgorithm algorithm, KeyType type);

// A public key, validated on construction. Immutable, cheap to copy, thread-safe.
class PublicKey {
 public:
  // From the members of a JWK as raw big-endian bytes. INVALID_ARGUMENT says what is wrong.
  //
  // RSA: the modulus is odd, has 2048 to 8192 bits and is not an Infineon ROCA modulus; the
  // exponent is odd, at least 3 and below 2^32.
  static absl::StatusOr<PublicKey> Rsa(absl::string_view n, absl::string_view e);
  // `type` is kP256 or kP384; the coordinates have the curve's length, and the point is on the
  // curve.
  static absl::StatusOr<PublicKey> Ec(KeyType type, absl::string_view x, absl::string_view y);
  // 32 bytes in canonical encoding, not a point of small order.
  static absl::StatusOr<PublicKey> Ed25519(absl::string_view x);

  KeyType type() const { return type_; }

  // Whether `signature` (in JWS form; for ECDSA r ‖ s) was made over `message` with this key and
  // `algorithm`. False for a signature of the wrong length and for an algorithm that does not fit
  // the key.
  bool Verify(SignatureAlgorithm algorithm, absl::string_view message,
              absl::string_view signature) const;

  bool operator==(const PublicKey& other) const;
  bool operator!=(const PublicKey& other) const { return !(*this == other); }

 private:
  PublicKey(KeyType type, std::shared_ptr<evp_pkey_st> key) : type_(type), key_(std::move(key)) {}
  KeyType type_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace countersign::crypto
