#include "libs/crypto/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "libs/crypto/openssl_pointers.h"

namespace countersign::crypto {
namespace {

BioPtr ReadOnly(absl::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

absl::StatusOr<X509Ptr> FirstCertificate(absl::string_view pem) {
  const BioPtr bio = ReadOnly(pem);
  X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) return absl::InvalidArgumentError("not a PEM certificate");
  return certificate;
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

// "" when it is neither an IPv4 nor an IPv6 address.
std::string AddressText(const ASN1_STRING* address) {
  const int size = ASN1_STRING_length(address);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (size != 4 && size != 16) return "";
  inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text.data(),
            text.size());
  return text.data();
}

// A number of the key, big endian, with at least `size` bytes; "" when the key has none.
std::string ReadNumber(const EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &read) != 1) return "";
  const NumberPtr number(read);
  std::string bytes(std::max(size, static_cast<std::size_t>(BN_num_bytes(read))), '\0');
  BN_bn2binpad(read, reinterpret_cast<unsigned char*>(bytes.data()),
               static_cast<int>(bytes.size()));
  return bytes;
}

// Refuses encrypted keys instead of asking for a passphrase on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

absl::StatusOr<Certificate> ReadCertificate(absl::string_view pem) {
  absl::StatusOr<X509Ptr> x509 = FirstCertificate(pem);
  if (!x509.ok()) return x509.status();
  Certificate certificate;
  certificate.not_before = ToTime(X509_get0_notBefore(x509->get()));
  certificate.not_after = ToTime(X509_get0_notAfter(x509->get()));
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509->get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    if (type == GEN_IPADD) certificate.ip_addresses.push_back(AddressText(value));
    if (type != GEN_URI && type != GEN_DNS) continue;
    std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                     static_cast<std::size_t>(ASN1_STRING_length(value)));
    (type == GEN_URI ? certificate.uri_names : certificate.dns_names).push_back(std::move(text));
  }
  return certificate;
}

absl::StatusOr<PublicKey> ReadCertificateKey(absl::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = bytes + der.size();
  const X509Ptr x509(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  EVP_PKEY* const key = x509 == nullptr ? nullptr : X509_get0_pubkey(x509.get());
  ERR_clear_error();
  if (key == nullptr || bytes != end) {
    return absl::InvalidArgumentError("not a DER certificate with a known type of key");
  }
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    return PublicKey::Rsa(ReadNumber(key, OSSL_PKEY_PARAM_RSA_N, 0),
                          ReadNumber(key, OSSL_PKEY_PARAM_RSA_E, 0));
  }
  std::array<char, 32> group{};
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1) {
    const absl::string_view name = group.data();
    const bool p256 = name == SN_X9_62_prime256v1;
    if (p256 || name == SN_secp384r1) {
      const std::size_t size = p256 ? 32 : 48;
      return PublicKey::Ec(p256 ? KeyType::kP256 : KeyType::kP384,
                           ReadNumber(key, OSSL_PKEY_PARAM_EC_PUB_X, size),
                           ReadNumber(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
    }
  }
  ERR_clear_error();
  return absl::InvalidArgumentError("the certificate's key is neither RSA nor on P-256 or P-384");
}

void ClearErrorQueue() { ERR_clear_error(); }

absl::Status CheckKeyPair(absl::string_view certificate_pem, const SecretString& key_pem) {
  absl::StatusOr<X509Ptr> certificate = FirstCertificate(certificate_pem);
  if (!certificate.ok()) return certificate.status();
  const BioPtr bio = ReadOnly(key_pem.Reveal());
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (key == nullptr) return absl::InvalidArgumentError("not an unencrypted PEM private key");
  const bool match = X509_check_private_key(certificate->get(), key.get()) == 1;
  ERR_clear_error();
  if (!match) return absl::InvalidArgumentError("the key does not belong to the certificate");
  return absl::OkStatus();
}

}  // namespace countersign::crypto
