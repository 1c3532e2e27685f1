#include "libs/crypto/self_signed.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <memory>

#include "libs/crypto/ec_signing_key.h"
#include "libs/crypto/openssl_pointers.h"

namespace countersign::crypto {
namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpenSslDeleter<X509_EXTENSION_free>>;

// Only memory or randomness can be missing.
void Must(bool done) {
  if (!done) std::abort();
}

void AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  Must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void AddName(GENERAL_NAMES* names, const std::string& text) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  Must(name != nullptr);
  if (ASN1_OCTET_STRING* address = a2i_IPADDRESS(text.c_str()); address != nullptr) {
    GENERAL_NAME_set0_value(name, GEN_IPADD, address);
  } else {
    ASN1_IA5STRING* host = ASN1_IA5STRING_new();
    Must(host != nullptr && ASN1_STRING_set(host, text.data(), static_cast<int>(text.size())) == 1);
    GENERAL_NAME_set0_value(name, GEN_DNS, host);
  }
  Must(sk_GENERAL_NAME_push(names, name) > 0);
}

void AddNames(X509* certificate, const std::vector<std::string>& texts) {
  const NamesPtr names(sk_GENERAL_NAME_new_null());
  Must(names != nullptr);
  for (const std::string& text : texts) AddName(names.get(), text);
  Must(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) ==
       1);
}

// 127 random bits, as RFC 5280 allows: clients tell it from earlier certificates.
void SetRandomSerial(X509* certificate) {
  const NumberPtr number(BN_new());
  Must(number != nullptr && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
  Must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

KeyPtr ReadKey(const SecretString& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.Reveal().data(), static_cast<int>(pem.Reveal().size())));
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  Must(key != nullptr);
  return key;
}

std::string WritePem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  Must(bio != nullptr && PEM_write_bio_X509(bio.get(), certificate) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

SelfSigned MakeSelfSigned(const std::vector<std::string>& names, absl::Time from,
                          absl::Time until) {
  const SecretString pem = EcSigningKey::Generate().pem();
  const KeyPtr key = ReadKey(pem);
  const X509Ptr certificate(X509_new());
  X509* const x509 = certificate.get();
  Must(x509 != nullptr && X509_set_version(x509, X509_VERSION_3) == 1);
  SetRandomSerial(x509);
  Must(ASN1_TIME_set(X509_getm_notBefore(x509), absl::ToTimeT(from)) != nullptr);
  Must(ASN1_TIME_set(X509_getm_notAfter(x509), absl::ToTimeT(until)) != nullptr);
  Must(X509_set_pubkey(x509, key.get()) == 1);
  X509_NAME* const subject = X509_get_subject_name(x509);
  Must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>("Countersign gateway"), -1,
                                  -1, 0) == 1);
  Must(X509_set_issuer_name(x509, subject) == 1);
  AddExtension(x509, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(x509, NID_key_usage, "critical,digitalSignature");
  AddExtension(x509, NID_ext_key_usage, "serverAuth");
  AddExtension(x509, NID_subject_key_identifier, "hash");
  AddNames(x509, names);
  Must(X509_sign(x509, key.get(), EVP_sha256()) > 0);
  return {WritePem(x509), pem};
}

}  // namespace countersign::crypto
