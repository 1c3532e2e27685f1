#include "libs/crypto/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"

namespace countersign::crypto {
namespace {

using BigNumber = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using Params = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

BigNumber Number(absl::string_view big_endian) {
  return BigNumber(BN_bin2bn(Bytes(big_endian), static_cast<int>(big_endian.size()), nullptr),
                   &BN_free);
}

struct AlgorithmTraits {
  SignatureAlgorithm algorithm;
  absl::string_view name;
  KeyType key_type;
  const EVP_MD* (*digest)();
  bool pss;
};

constexpr std::array<AlgorithmTraits, 9> kAlgorithms = {{
    {SignatureAlgorithm::kRs256, "RS256", KeyType::kRsa, &EVP_sha256, false},
    {SignatureAlgorithm::kRs384, "RS384", KeyType::kRsa, &EVP_sha384, false},
    {SignatureAlgorithm::kRs512, "RS512", KeyType::kRsa, &EVP_sha512, false},
    {SignatureAlgorithm::kPs256, "PS256", KeyType::kRsa, &EVP_sha256, true},
    {SignatureAlgorithm::kPs384, "PS384", KeyType::kRsa, &EVP_sha384, true},
    {SignatureAlgorithm::kPs512, "PS512", KeyType::kRsa, &EVP_sha512, true},
    {SignatureAlgorithm::kEs256, "ES256", KeyType::kP256, &EVP_sha256, false},
    {SignatureAlgorithm::kEs384, "ES384", KeyType::kP384, &EVP_sha384, false},
    {SignatureAlgorithm::kEdDsa, "EdDSA", KeyType::kEd25519, nullptr, false},
}};

const AlgorithmTraits* FindTraits(SignatureAlgorithm algorithm) {
  const auto* found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                   [&](const auto& a) { return a.algorithm == algorithm; });
  return found == kAlgorithms.end() ? nullptr : found;
}

// Infineon's RSALib (CVE-2017-15361) made primes of the form k*M + (65537^a mod M), so that modulo
// each small prime the modulus lies in the subgroup that 65537 generates. A random modulus does so
// for all of them with a probability below 2^-150.
bool HasRocaShape(const BIGNUM* modulus) {
  constexpr std::array<unsigned, 38> kPrimes = {
      3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
      73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
  return std::all_of(kPrimes.begin(), kPrimes.end(), [&](unsigned prime) {
    const unsigned residue = static_cast<unsigned>(BN_mod_word(modulus, prime));
    unsigned power = 1;
    do {
      if (power == residue) return true;
      power = power * 65537U % prime;
    } while (power != 1);
    return false;
  });
}

absl::StatusOr<std::shared_ptr<EVP_PKEY>> KeyFromParams(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder), &OSSL_PARAM_free);
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* raw = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("the key's numbers do not make a public key");
  }
  std::shared_ptr<EVP_PKEY> key(raw, &EVP_PKEY_free);
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, raw, nullptr), &EVP_PKEY_CTX_free);
  const bool valid = check != nullptr && EVP_PKEY_public_check(check.get()) == 1;
  ERR_clear_error();
  if (!valid) return absl::InvalidArgumentError("the public key fails OpenSSL's validation");
  return key;
}

// ECDSA in JWS is r ‖ s at the curve's length (RFC 7518 §3.4); OpenSSL wants DER. Empty when the
// length is another.
std::string EcdsaDer(absl::string_view raw, std::size_t coordinate) {
  if (raw.size() != 2 * coordinate) return "";
  const EcdsaSignature signature(ECDSA_SIG_new(), &ECDSA_SIG_free);
  BigNumber r = Number(raw.substr(0, coordinate));
  BigNumber s = Number(raw.substr(coordinate));
  if (signature == nullptr || r == nullptr || s == nullptr ||
      ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) {
    return "";
  }
  (void)r.release();  // Owned by `signature` now.
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return "";
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

bool VerifyWith(const AlgorithmTraits& traits, EVP_PKEY* key, absl::string_view message,
                absl::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* digest = traits.digest == nullptr ? nullptr : traits.digest();
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &parameters, digest, nullptr, key) != 1) {
    return false;
  }
  if (traits.pss && (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1 ||
                     EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, digest) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

// y = 0, 1, -1 and the two of order 8: whoever publishes such a key has signatures that fit any
// message.
bool IsSmallOrder(absl::string_view encoded_without_sign) {
  constexpr absl::string_view kSmall[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  };
  const std::string hex = HexEncode(encoded_without_sign);
  return std::find(std::begin(kSmall), std::end(kSmall), hex) != std::end(kSmall);
}

// p = 2^255 - 19, little endian: ed ff … ff 7f.
bool IsBelowFieldPrime(absl::string_view encoded_without_sign) {
  if (static_cast<unsigned char>(encoded_without_sign[31]) != 0x7f) return true;
  const bool all_ones =
      std::all_of(encoded_without_sign.begin() + 1, encoded_without_sign.end() - 1,
                  [](char c) { return static_cast<unsigned char>(c) == 0xff; });
  return !all_ones || static_cast<unsigned char>(encoded_without_sign[0]) < 0xed;
}

}  // namespace

absl::string_view ToString(SignatureAlgorithm algorithm) {
  const AlgorithmTraits* traits = FindTraits(algorithm);
  return traits == nullptr ? "" : traits->name;
}

SignatureAlgorithm SignatureAlgorithmFromString(absl::string_view name) {
  const auto* found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                   [&](const auto& a) { return a.name == name; });
  return found == kAlgorithms.end() ? SignatureAlgorithm::kUnknown : found->algorithm;
}

bool Fits(SignatureAlgorithm algorithm, KeyType type) {
  const AlgorithmTraits* traits = FindTraits(algorithm);
  return traits != nullptr && traits->key_type == type;
}

absl::StatusOr<PublicKey> PublicKey::Rsa(absl::string_view n, absl::string_view e) {
  if (n.size() > kMaxRsaBits / 8 || e.size() > 4) {
    return absl::InvalidArgumentError("the RSA modulus or exponent is too long");
  }
  const BigNumber modulus = Number(n);
  const BigNumber exponent = Number(e);
  if (modulus == nullptr || exponent == nullptr) {
    return absl::InvalidArgumentError("the RSA numbers cannot be read");
  }
  const int bits = BN_num_bits(modulus.get());
  if (bits < kMinRsaBits) return absl::InvalidArgumentError("the RSA modulus is below 2048 bits");
  if (BN_is_odd(modulus.get()) != 1) return absl::InvalidArgumentError("the RSA modulus is even");
  if (BN_is_odd(exponent.get()) != 1 || BN_is_one(exponent.get()) == 1) {
    return absl::InvalidArgumentError("the RSA exponent is not an odd number of at least 3");
  }
  if (HasRocaShape(modulus.get())) {
    return absl::InvalidArgumentError("the RSA modulus is one that ROCA factors");
  }
  const ParamBuilder builder(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return absl::InvalidArgumentError("the RSA numbers cannot be read");
  }
  CS_ASSIGN_OR_RETURN(auto key, KeyFromParams("RSA", builder.get()));
  return PublicKey(KeyType::kRsa, std::move(key));
}

absl::StatusOr<PublicKey> PublicKey::Ec(KeyType type, absl::string_view x, absl::string_view y) {
  if (type != KeyType::kP256 && type != KeyType::kP384) {
    return absl::InvalidArgumentError("not a NIST curve");
  }
  const std::size_t coordinate = type == KeyType::kP256 ? 32 : 48;
  if (x.size() != coordinate || y.size() != coordinate) {
    return absl::InvalidArgumentError("a coordinate has not the curve's length");
  }
  std::string point = "\x04";
  point.append(x.data(), x.size()).append(y.data(), y.size());
  const char* group = type == KeyType::kP256 ? "P-256" : "P-384";
  const ParamBuilder builder(OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return absl::InvalidArgumentError("the point cannot be read");
  }
  CS_ASSIGN_OR_RETURN(auto key, KeyFromParams("EC", builder.get()));
  return PublicKey(type, std::move(key));
}

absl::StatusOr<PublicKey> PublicKey::Ed25519(absl::string_view x) {
  if (x.size() != 32) return absl::InvalidArgumentError("an Ed25519 key has 32 bytes");
  std::string y(x.substr(0, 31));
  y += static_cast<char>(static_cast<unsigned char>(x[31]) & 0x7f);
  if (!IsBelowFieldPrime(y)) {
    return absl::InvalidArgumentError("the Ed25519 key is not a canonical encoding");
  }
  if (IsSmallOrder(y)) return absl::InvalidArgumentError("the Ed25519 key has a small order");
  EVP_PKEY* raw = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(x), x.size());
  ERR_clear_error();
  if (raw == nullptr) return absl::InvalidArgumentError("OpenSSL refuses the Ed25519 key");
  return PublicKey(KeyType::kEd25519, std::shared_ptr<EVP_PKEY>(raw, &EVP_PKEY_free));
}

bool PublicKey::Verify(SignatureAlgorithm algorithm, absl::string_view message,
                       absl::string_view signature) const {
  const AlgorithmTraits* traits = FindTraits(algorithm);
  if (traits == nullptr || traits->key_type != type_) return false;
  bool valid = false;
  switch (type_) {
    case KeyType::kRsa:
      valid = signature.size() == static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())) &&
              VerifyWith(*traits, key_.get(), message, signature);
      break;
    case KeyType::kP256:
    case KeyType::kP384: {
      const std::string der = EcdsaDer(signature, type_ == KeyType::kP256 ? 32 : 48);
      valid = !der.empty() && VerifyWith(*traits, key_.get(), message, der);
      break;
    }
    case KeyType::kEd25519:
      valid = signature.size() == 64 && VerifyWith(*traits, key_.get(), message, signature);
      break;
  }
  ERR_clear_error();
  return valid;
}

bool PublicKey::operator==(const PublicKey& other) const {
  const bool equal = type_ == other.type_ && EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
  ERR_clear_error();
  return equal;
}

}  // namespace countersign::crypto
