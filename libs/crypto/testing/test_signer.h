#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/crypto/public_key.h"

namespace countersign::crypto {

// An issuer's private key, for tests only: production code signs with EcSigningKey and SigningKey.
class TestSigner {
 public:
  static TestSigner Rsa(int bits);
  static TestSigner Ec(KeyType type);
  static TestSigner Ed25519();

  KeyType type() const { return type_; }
  PublicKey public_key() const;
  // Returns the signature in JWS form. `algorithm` must fit the key.
  std::string Sign(SignatureAlgorithm algorithm, absl::string_view message) const;
  // A self-signed certificate of the key in DER, valid from 1970 to 1971: nothing reads its dates.
  std::string Certificate() const;
  // The members of the public JWK, without braces: "kty":"RSA","n":"…","e":"AQAB".
  std::string JwkMembers() const;

 private:
  TestSigner(KeyType type, evp_pkey_st* key);
  std::string Number(const char* parameter, std::size_t size) const;  // 0: the number's own size
  KeyType type_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace countersign::crypto
