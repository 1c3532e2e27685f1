#include "libs/crypto/testing/test_signer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"

namespace countersign::crypto {
namespace {

void Check(bool ok) {
  if (!ok) std::abort();
}

const EVP_MD* Digest(SignatureAlgorithm algorithm) {
  const absl::string_view name = ToString(algorithm);
  if (name == "EdDSA") return nullptr;
  if (name.substr(2) == "384") return EVP_sha384();
  return name.substr(2) == "512" ? EVP_sha512() : EVP_sha256();
}

std::string RawEcdsa(absl::string_view der, int coordinate) {
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size()));
  Check(signature != nullptr);
  std::string out(2 * static_cast<std::size_t>(coordinate), '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  Check(BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, coordinate) == coordinate);
  Check(BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + coordinate, coordinate) == coordinate);
  ECDSA_SIG_free(signature);
  return out;
}

}  // namespace

TestSigner::TestSigner(KeyType type, evp_pkey_st* key) : type_(type), key_(key, &EVP_PKEY_free) {
  Check(key != nullptr);
}

TestSigner TestSigner::Rsa(int bits) {
  return TestSigner(KeyType::kRsa, EVP_RSA_gen(static_cast<unsigned>(bits)));
}

TestSigner TestSigner::Ec(KeyType type) {
  return TestSigner(type, EVP_EC_gen(type == KeyType::kP256 ? "P-256" : "P-384"));
}

TestSigner TestSigner::Ed25519() {
  return TestSigner(KeyType::kEd25519, EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

std::string TestSigner::Number(const char* parameter, std::size_t size) const {
  BIGNUM* number = nullptr;
  Check(EVP_PKEY_get_bn_param(key_.get(), parameter, &number) == 1);
  if (size == 0) size = static_cast<std::size_t>(BN_num_bytes(number));
  std::string out(size, '\0');
  Check(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()),
                     static_cast<int>(size)) >= 0);
  BN_free(number);
  return out;
}

std::string TestSigner::Certificate() const {
  X509* const certificate = X509_new();
  Check(certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1);
  Check(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate), 0);
  ASN1_TIME_set(X509_getm_notAfter(certificate), 365 * 24 * 3600);
  Check(X509_set_pubkey(certificate, key_.get()) == 1);
  Check(X509_sign(certificate, key_.get(), type_ == KeyType::kEd25519 ? nullptr : EVP_sha256()) >
        0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  Check(size > 0);
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  X509_free(certificate);
  return out;
}

PublicKey TestSigner::public_key() const {
  const std::size_t coordinate = type_ == KeyType::kP256 ? 32 : 48;
  switch (type_) {
    case KeyType::kRsa:
      return *PublicKey::Rsa(Number(OSSL_PKEY_PARAM_RSA_N, 0), Number(OSSL_PKEY_PARAM_RSA_E, 0));
    case KeyType::kP256:
    case KeyType::kP384:
      return *PublicKey::Ec(type_, Number(OSSL_PKEY_PARAM_EC_PUB_X, coordinate),
                            Number(OSSL_PKEY_PARAM_EC_PUB_Y, coordinate));
    case KeyType::kEd25519: break;
  }
  std::string raw(32, '\0');
  std::size_t size = raw.size();
  Check(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()),
                                    &size) == 1);
  return *PublicKey::Ed25519(raw);
}

std::string TestSigner::Sign(SignatureAlgorithm algorithm, absl::string_view message) const {
  Check(Fits(algorithm, type_));
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* parameters = nullptr;
  Check(EVP_DigestSignInit(context, &parameters, Digest(algorithm), nullptr, key_.get()) == 1);
  if (ToString(algorithm)[0] == 'P') {
    Check(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1);
    Check(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = out.size();
  Check(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                       reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) == 1);
  EVP_MD_CTX_free(context);
  out.resize(size);
  if (type_ == KeyType::kP256) return RawEcdsa(out, 32);
  return type_ == KeyType::kP384 ? RawEcdsa(out, 48) : out;
}

std::string TestSigner::JwkMembers() const {
  const auto member = [this](const char* parameter, std::size_t size) {
    return Base64UrlEncode(Number(parameter, size));
  };
  if (type_ == KeyType::kRsa) {
    return absl::StrCat(R"("kty":"RSA","n":")", member(OSSL_PKEY_PARAM_RSA_N, 0), R"(","e":")",
                        member(OSSL_PKEY_PARAM_RSA_E, 0), R"(")");
  }
  if (type_ == KeyType::kEd25519) {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    Check(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()),
                                      &size) == 1);
    return absl::StrCat(R"("kty":"OKP","crv":"Ed25519","x":")", Base64UrlEncode(raw), R"(")");
  }
  const std::size_t coordinate = type_ == KeyType::kP256 ? 32 : 48;
  return absl::StrCat(R"("kty":"EC","crv":")", type_ == KeyType::kP256 ? "P-256" : "P-384",
                      R"(","x":")", member(OSSL_PKEY_PARAM_EC_PUB_X, coordinate), R"(","y":")",
                      member(OSSL_PKEY_PARAM_EC_PUB_Y, coordinate), R"(")");
}

}  // namespace countersign::crypto
