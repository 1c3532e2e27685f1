#include "libs/crypto/self_signed.h"

#include <catch2/catch.hpp>

#include "libs/crypto/certificate.h"

namespace countersign::crypto {
namespace {

TEST_CASE("MakeSelfSigned: names, addresses and times are those asked for", "[certificate]") {
  const absl::Time from = absl::FromUnixSeconds(1'800'000'000);
  const absl::Time until = from + absl::Hours(24);
  const SelfSigned made =
      MakeSelfSigned({"localhost", "127.0.0.1", "gateway.example", "::1"}, from, until);
  const Certificate read = ReadCertificate(made.certificate_pem).value();
  CHECK(read.dns_names == std::vector<std::string>{"localhost", "gateway.example"});
  CHECK(read.ip_addresses == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(read.not_before == from);
  CHECK(read.not_after == until);
  CHECK(CheckKeyPair(made.certificate_pem, made.key_pem).ok());
}

TEST_CASE("MakeSelfSigned: every call has another key", "[certificate]") {
  const absl::Time from = absl::FromUnixSeconds(1'800'000'000);
  const SelfSigned one = MakeSelfSigned({"a"}, from, from + absl::Hours(1));
  const SelfSigned two = MakeSelfSigned({"a"}, from, from + absl::Hours(1));
  CHECK_FALSE(CheckKeyPair(one.certificate_pem, two.key_pem).ok());
  CHECK(one.certificate_pem != two.certificate_pem);
}

}  // namespace
}  // namespace countersign::crypto
