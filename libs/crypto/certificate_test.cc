#include "libs/crypto/certificate.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "libs/testing/test_certificates.h"

namespace countersign::crypto {
namespace {

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

TEST_CASE("ReadCertificate: names and validity are read", "[certificate]") {
  testing::TestAuthority authority;
  testing::TestAuthority::Leaf leaf;
  leaf.uri_names = {"spiffe://countersign/edge"};
  leaf.dns_names = {"edge.internal", "localhost"};
  leaf.not_after = absl::FromUnixSeconds(1'900'000'000);
  const auto certificate = ReadCertificate(Contents(authority.Issue(leaf).certificate)).value();
  CHECK(certificate.uri_names == leaf.uri_names);
  CHECK(certificate.dns_names == leaf.dns_names);
  CHECK(certificate.not_after == leaf.not_after);
  CHECK(certificate.not_before < absl::Now());
}

TEST_CASE("ReadCertificate: other input is refused", "[certificate]") {
  for (const char* text : {"", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n"}) {
    CHECK(ReadCertificate(text).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("CheckKeyPair: only the certificate's own key is accepted", "[certificate]") {
  testing::TestAuthority authority;
  const auto one = authority.IssueService("edge");
  const auto other = authority.IssueService("authn");
  const std::string certificate = Contents(one.certificate);
  CHECK(CheckKeyPair(certificate, SecretString(Contents(one.key))).ok());
  CHECK_FALSE(CheckKeyPair(certificate, SecretString(Contents(other.key))).ok());
  CHECK_FALSE(CheckKeyPair(certificate, SecretString("nonsense")).ok());
  CHECK_FALSE(CheckKeyPair("nonsense", SecretString(Contents(one.key))).ok());
}

}  // namespace
}  // namespace countersign::crypto
