#include "libs/crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace countersign::crypto {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

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
    if (type != GEN_URI && type != GEN_DNS) continue;
    std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                     static_cast<std::size_t>(ASN1_STRING_length(value)));
    (type == GEN_URI ? certificate.uri_names : certificate.dns_names).push_back(std::move(text));
  }
  return certificate;
}

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
