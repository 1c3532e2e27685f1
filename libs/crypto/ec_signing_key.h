#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/secret.h"
#include "libs/crypto/public_key.h"

namespace countersign::crypto {

// A P-256 key pair for ES256. Immutable, thread-safe.
class EcSigningKey {
 public:
  static EcSigningKey Generate();
  // An unencrypted PKCS #8 PEM. INVALID_ARGUMENT when it is not a P-256 private key.
  static absl::StatusOr<EcSigningKey> FromPem(const SecretString& pem);

  // Another key, which only the holder of this one can find, for `purpose`; always the same.
  EcSigningKey Derive(absl::string_view purpose) const;

  const SecretString& pem() const { return pem_; }
  const std::string& x() const { return x_; }  // 32 raw bytes each: the members of its JWK
  const std::string& y() const { return y_; }
  PublicKey public_key() const;

  // r ‖ s, 64 bytes, over SHA-256 of `message`.
  std::string Sign(absl::string_view message) const;

 private:
  EcSigningKey(std::shared_ptr<evp_pkey_st> key, SecretString pem, std::string x, std::string y);
  std::shared_ptr<evp_pkey_st> key_;
  SecretString pem_;
  std::string x_;
  std::string y_;
};

}  // namespace countersign::crypto
