#include "libs/crypto/examine_certificate.h"

#include <catch2/catch.hpp>

#include "libs/testing/test_certificates.h"

namespace countersign::crypto {
namespace {

using State = HealthCheck::State;

TEST_CASE("ExamineCertificate: how long it is valid", "[crypto]") {
  testing::TestAuthority authority;
  testing::TestAuthority::Leaf leaf;
  leaf.dns_names = {"localhost"};
  leaf.not_after = absl::FromUnixSeconds(1'900'000'000);
  const std::string file = authority.Issue(leaf).certificate;
  const absl::Time end = leaf.not_after;
  const auto check = [&](absl::Duration left) {
    return ExamineCertificate("certificate", file, end - left);
  };
  CHECK(check(absl::Hours(24 * 15)).state == State::kOk);
  CHECK(check(absl::Hours(24 * 15)).saw == "expires in 15 days");
  CHECK(check(absl::Hours(24 * 3)).state == State::kWarning);
  CHECK(check(-absl::Hours(49)).state == State::kFailed);
  CHECK(check(-absl::Hours(49)).saw == "expired 2 days ago");
  CHECK(check(absl::Hours(1)).advice.find(file) != std::string::npos);
}

TEST_CASE("ExamineCertificate: one that cannot be read is a failure that names it", "[crypto]") {
  const HealthCheck check = ExamineCertificate("certificate", "/none/tls.crt", absl::UnixEpoch());
  CHECK(check.state == State::kFailed);
  CHECK(check.saw.find("/none/tls.crt cannot be read") == 0);
}

}  // namespace
}  // namespace countersign::crypto
