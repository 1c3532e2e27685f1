#include "libs/http/tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "libs/http/client.h"
#include "libs/http/http_testing.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;

// A self-signed certificate for `subject_alt_name` and its key, as files that vanish with it.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& subject_alt_name) {
    char name[] = "/tmp/cs-tls-XXXXXX";
    folder_ = ::mkdtemp(name);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject_alt_name.c_str());
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    FILE* file = ::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(file, certificate);
    ::fclose(file);
    file = ::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    ::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~TestCertificate() { std::filesystem::remove_all(folder_); }
  std::string certificate_file() const { return folder_ + "/cert.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

async::Awaitable<void> Hello(Exchange& exchange) {
  co_await exchange.ReadBody();
  co_await exchange.Respond(ResponseHead(), "hello");
}

absl::StatusOr<std::string> Get(const std::string& ca_file, std::uint16_t port, int times = 1) {
  Workers workers(1);
  ClientOptions options;
  options.tls = ClientTls(ca_file).value();
  Client client(workers.at(0), options);
  Target target;
  target.origin.tls = true;
  target.origin.host = "127.0.0.1";
  target.origin.port = port;
  Request request;
  request.head.method = "GET";
  request.head.target = "/";
  async::Cancellation cancellation;
  absl::StatusOr<std::string> result;
  for (int i = 0; i < times; ++i) {
    result = testing::Run(workers.at(0), [&]() -> async::Awaitable<absl::StatusOr<std::string>> {
      auto response = co_await client.Send(target, request, cancellation);
      if (!response.ok()) co_return response.status();
      co_return co_await (*response)->Read(cancellation);
    });
  }
  workers.Stop();
  return result;
}

TEST_CASE("TLS: a client that trusts the server's certificate gets its answer", "[http]") {
  const TestCertificate certificate("IP:127.0.0.1");
  const TlsContext tls = ServerTls(certificate.certificate_file(), certificate.key_file()).value();
  testing::TestServer server(Hello, {}, tls);
  CHECK(Get(certificate.certificate_file(), server.port(), 3).value() == "hello");
}

TEST_CASE("TLS: an unknown authority or another name ends the handshake", "[http]") {
  const TestCertificate certificate("IP:127.0.0.1");
  const TestCertificate other("IP:127.0.0.2");
  testing::TestServer server(
      Hello, {}, ServerTls(certificate.certificate_file(), certificate.key_file()).value());
  CHECK(absl::IsUnavailable(Get(other.certificate_file(), server.port()).status()));
  testing::TestServer misnamed(Hello, {},
                               ServerTls(other.certificate_file(), other.key_file()).value());
  CHECK(absl::IsUnavailable(Get(other.certificate_file(), misnamed.port()).status()));
}

TEST_CASE("TLS: files that are no certificate or key are named", "[http]") {
  const TestCertificate certificate("IP:127.0.0.1");
  CHECK(absl::IsInvalidArgument(ServerTls("/nowhere", certificate.key_file()).status()));
  CHECK(absl::IsInvalidArgument(
      ServerTls(certificate.certificate_file(), certificate.certificate_file()).status()));
  CHECK(absl::IsInvalidArgument(ClientTls("/nowhere").status()));
}

}  // namespace
}  // namespace countersign::http
