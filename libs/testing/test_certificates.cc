#include "libs/testing/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace countersign::testing {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using FilePtr = std::unique_ptr<std::FILE, Deleter<std::fclose>>;

void Must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "test certificates: %s failed\n", what);
  std::abort();
}

KeyPtr NewKey() {
  KeyPtr key(EVP_EC_gen("P-256"));
  Must(key != nullptr, "key generation");
  return key;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Must(extension != nullptr, "extension");
  Must(X509_add_ext(certificate, extension.get(), -1) == 1, "adding an extension");
}

X509Ptr NewCertificate(const std::string& name, EVP_PKEY* key, int serial, absl::Time from,
                       absl::Time until) {
  X509Ptr certificate(X509_new());
  Must(certificate != nullptr, "certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(from));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(until));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

FilePtr OpenForWriting(const std::string& path) {
  FilePtr file(std::fopen(path.c_str(), "w"));
  Must(file != nullptr, path.c_str());
  return file;
}

}  // namespace

struct TestAuthority::State {
  KeyPtr key;
  X509Ptr certificate;
};

TestAuthority::TestAuthority() : state_(new State) {
  std::string pattern =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/countersign-ca-XXXXXX");
  Must(::mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  folder_ = pattern;
  authority_file_ = folder_ + "/ca.pem";
  state_->key = NewKey();
  state_->certificate = NewCertificate("Test CA", state_->key.get(), 1,
                                       absl::Now() - absl::Hours(1), absl::Now() + absl::Hours(48));
  X509* ca = state_->certificate.get();
  X509_set_issuer_name(ca, X509_get_subject_name(ca));
  AddExtension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign");
  Must(X509_sign(ca, state_->key.get(), EVP_sha256()) > 0, "signing");
  Must(PEM_write_X509(OpenForWriting(authority_file_).get(), ca) == 1, "writing the CA");
}

TestAuthority::~TestAuthority() {
  delete state_;
  std::error_code ignored;  // A folder that cannot be removed does not fail the test.
  std::filesystem::remove_all(folder_, ignored);
}

CertificateFiles TestAuthority::Issue(const Leaf& leaf) {
  const int serial = ++issued_ + 1;
  const KeyPtr key = NewKey();
  const X509Ptr certificate = NewCertificate(absl::StrCat("leaf ", serial), key.get(), serial,
                                             leaf.not_before, leaf.not_after);
  X509* ca = state_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca));
  std::vector<std::string> names;
  for (const std::string& uri : leaf.uri_names) names.push_back("URI:" + uri);
  for (const std::string& dns : leaf.dns_names) names.push_back("DNS:" + dns);
  if (!names.empty()) {
    AddExtension(certificate.get(), ca, NID_subject_alt_name, absl::StrJoin(names, ","));
  }
  AddExtension(certificate.get(), ca, NID_ext_key_usage, "serverAuth,clientAuth");
  Must(X509_sign(certificate.get(), state_->key.get(), EVP_sha256()) > 0, "signing");
  const CertificateFiles files{absl::StrCat(folder_, "/", serial, ".pem"),
                               absl::StrCat(folder_, "/", serial, ".key"), authority_file_};
  Must(PEM_write_X509(OpenForWriting(files.certificate).get(), certificate.get()) == 1,
       "writing the certificate");
  Must(PEM_write_PrivateKey(OpenForWriting(files.key).get(), key.get(), nullptr, nullptr, 0,
                            nullptr, nullptr) == 1,
       "writing the key");
  return files;
}

CertificateFiles TestAuthority::IssueService(const std::string& service) {
  Leaf leaf;
  leaf.uri_names = {"spiffe://countersign/" + service};
  return Issue(leaf);
}

}  // namespace countersign::testing
