#include "libs/crypto/ec_signing_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/crypto/hash.h"

namespace countersign::crypto {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using BigNumber = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;

constexpr int kCoordinate = 32;

// One coordinate of the public point in full length; empty when the key has none.
std::string Coordinate(EVP_PKEY* key, const char* parameter) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, parameter, &raw) != 1) return "";
  const BigNumber number(raw, &BN_free);
  std::string out(kCoordinate, '\0');
  const int size = BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(out.data()), kCoordinate);
  return size == kCoordinate ? out : "";
}

bool IsP256(EVP_PKEY* key) {
  char group[32] = {};
  std::size_t size = 0;
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                        &size) == 1 &&
         (absl::string_view(group) == "prime256v1" || absl::string_view(group) == "P-256");
}

std::string Pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_secmem()), &BIO_free_all);
  if (bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    std::abort();
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// A number from 1 to the group's order - 1, from more bits than it has, so that all are equally
// likely (FIPS 186-5, appendix A.2.1).
std::string DeriveScalar(const SecretString& secret, absl::string_view purpose) {
  const SecretString bits(HkdfSha256(secret.Reveal(), purpose, kCoordinate + 16));
  BIGNUM* order = nullptr;
  BN_hex2bn(&order, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
  const BigNumber owned(order, &BN_free);
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_secure_new(), &BN_CTX_free);
  const BigNumber number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bits.Reveal().data()),
                                   static_cast<int>(bits.Reveal().size()), nullptr),
                         &BN_clear_free);
  std::string out(kCoordinate, '\0');
  if (order == nullptr || number == nullptr || context == nullptr || BN_sub_word(order, 1) != 1 ||
      BN_nnmod(number.get(), number.get(), order, context.get()) != 1 ||
      BN_add_word(number.get(), 1) != 1 ||
      BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(out.data()), kCoordinate) !=
          kCoordinate) {
    std::abort();
  }
  return out;
}

}  // namespace

EcSigningKey::EcSigningKey(std::shared_ptr<evp_pkey_st> key, SecretString pem, std::string x,
                           std::string y)
    : key_(std::move(key)), pem_(std::move(pem)), x_(std::move(x)), y_(std::move(y)) {}

EcSigningKey EcSigningKey::Generate() {
  const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  if (key == nullptr) std::abort();  // No randomness or no memory.
  auto made = FromPem(SecretString(Pem(key.get())));
  if (!made.ok()) std::abort();
  return *std::move(made);
}

absl::StatusOr<EcSigningKey> EcSigningKey::FromPem(const SecretString& pem) {
  const Bio bio(BIO_new_mem_buf(pem.Reveal().data(), static_cast<int>(pem.Reveal().size())),
                &BIO_free_all);
  const std::shared_ptr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(
          bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr),
      &EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr || !IsP256(key.get())) {
    return absl::InvalidArgumentError("not a PEM of a P-256 private key");
  }
  std::string x = Coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  std::string y = Coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  if (x.empty() || y.empty()) return absl::InvalidArgumentError("the PEM lacks the public point");
  return EcSigningKey(key, pem, std::move(x), std::move(y));
}

EcSigningKey EcSigningKey::Derive(absl::string_view purpose) const {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_PRIV_KEY, &raw) != 1) std::abort();
  const BigNumber own(raw, &BN_clear_free);
  std::string secret(kCoordinate, '\0');
  if (BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(secret.data()), kCoordinate) !=
      kCoordinate) {
    std::abort();
  }
  const SecretString scalar(DeriveScalar(SecretString(std::move(secret)), purpose));
  // RFC 5915 without the public point, which OpenSSL computes.
  const SecretString der(absl::StrCat(absl::HexStringToBytes("30310201010420"), scalar.Reveal(),
                                      absl::HexStringToBytes("a00a06082a8648ce3d030107")));
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.Reveal().data());
  const std::shared_ptr<EVP_PKEY> key(
      d2i_PrivateKey(EVP_PKEY_EC, nullptr, &cursor, static_cast<long>(der.Reveal().size())),
      &EVP_PKEY_free);
  if (key == nullptr) std::abort();
  auto made = FromPem(SecretString(Pem(key.get())));
  if (!made.ok()) std::abort();
  return *std::move(made);
}

PublicKey EcSigningKey::public_key() const {
  auto key = PublicKey::Ec(KeyType::kP256, x_, y_);
  if (!key.ok()) std::abort();  // The constructor took the point from a valid key.
  return *std::move(key);
}

std::string EcSigningKey::Sign(absl::string_view message) const {
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string der(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = der.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    std::abort();
  }
  const auto* cursor = reinterpret_cast<const unsigned char*>(der.data());
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(size)),
                                 &ECDSA_SIG_free);
  std::string out(2 * kCoordinate, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  if (signature == nullptr ||
      BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes, kCoordinate) != kCoordinate ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes + kCoordinate, kCoordinate) !=
          kCoordinate) {
    std::abort();
  }
  return out;
}

}  // namespace countersign::crypto
