#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/secret.h"

namespace countersign::crypto {

// An Ed25519 key pair (RFC 8032). Immutable, thread-safe.
class SigningKey {
 public:
  static SigningKey Generate();
  // `seed` is the 32-byte private key. INVALID_ARGUMENT for another length.
  static absl::StatusOr<SigningKey> FromSeed(const SecretString& seed);

  const SecretString& seed() const { return seed_; }
  const std::string& public_key() const { return public_key_; }  // 32 raw bytes
  std::string Sign(absl::string_view message) const;             // 64 raw bytes

 private:
  SigningKey(SecretString seed, std::string public_key)
      : seed_(std::move(seed)), public_key_(std::move(public_key)) {}
  SecretString seed_;
  std::string public_key_;
};

// Whether `signature` was made over `message` with the private key of `public_key` (32 raw bytes).
bool VerifyEd25519(absl::string_view public_key, absl::string_view message,
                   absl::string_view signature);

}  // namespace countersign::crypto
