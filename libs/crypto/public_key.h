#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct evp_pkey_st;

namespace countersign::crypto {

enum class KeyType { kRsa, kP256, kP384, kEd25519 };

// The signature algorithms of RFC 7518 and RFC 8037 that this project accepts. There is no member
// for "none" or HS*: they cannot be asked for.
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
absl::string_view ToString(SignatureAlgorithm algorithm);  // "RS256", …; "" for unknown
// Exact, case-sensitive; kUnknown for everything else.
SignatureAlgorithm SignatureAlgorithmFromString(absl::string_view name);

// True when `algorithm` can be verified with a key of `type` (ES256 only with P-256 and so on).
bool Fits(SignatureAlgorithm algorithm, KeyType type);

// A public key. It was checked when it was made, so every one can be used. Immutable, cheap to
// copy, thread-safe.
class PublicKey {
 public:
  // From the members of a JWK, as raw big-endian bytes. INVALID_ARGUMENT says what is wrong.
  //
  // RSA: the modulus has 2048 to 8192 bits, is odd and has not the shape of an Infineon ROCA key;
  // the exponent is odd, at least 3 and below 2^32.
  static absl::StatusOr<PublicKey> Rsa(absl::string_view n, absl::string_view e);
  // `type` is kP256 or kP384; the coordinates have exactly the curve's length, the point is on it.
  static absl::StatusOr<PublicKey> Ec(KeyType type, absl::string_view x, absl::string_view y);
  // 32 bytes, a canonical encoding, and not a point of small order.
  static absl::StatusOr<PublicKey> Ed25519(absl::string_view x);

  KeyType type() const { return type_; }

  // True when `signature` (in JWS form: ECDSA is r ‖ s) was made over `message` with this key and
  // `algorithm`. A signature of another length than the algorithm's is never valid; neither is one
  // of an algorithm that does not fit the key.
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
