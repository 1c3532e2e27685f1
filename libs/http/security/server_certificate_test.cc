#include "libs/http/security/server_certificate.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "libs/http/testing/test_certificate.h"

namespace countersign::http::security {
namespace {

namespace fs = std::filesystem;
using testing::TestCertificate;

// The files of a server, which are replaced.
struct Fixture {
  void Install(const TestCertificate& source) {
    InstallCertificate(source);
    fs::copy_file(source.key_file(), Key(), fs::copy_options::overwrite_existing);
  }
  void InstallCertificate(const TestCertificate& source) {
    fs::copy_file(source.certificate_file(), Certificate(), fs::copy_options::overwrite_existing);
  }
  std::string Certificate() const { return place.certificate_file() + ".served"; }
  std::string Key() const { return place.key_file() + ".served"; }

  TestCertificate place{"IP:127.0.0.1"};  // for its folder
  TestCertificate first{"IP:127.0.0.1"};
  TestCertificate second{"IP:127.0.0.1"};
};

TEST_CASE_METHOD(Fixture, "ServerCertificate: files that did not change are not loaded again",
                 "[http]") {
  Install(first);
  ServerCertificate certificate(Certificate(), Key());
  CHECK(certificate.LoadIfChanged().value() != nullptr);
  CHECK(certificate.LoadIfChanged().value() == nullptr);
  Install(second);
  CHECK(certificate.LoadIfChanged().value() != nullptr);
  CHECK(certificate.LoadIfChanged().value() == nullptr);
}

TEST_CASE_METHOD(Fixture, "ServerCertificate: files that do not match are refused until they do",
                 "[http]") {
  Install(first);
  ServerCertificate certificate(Certificate(), Key());
  REQUIRE(certificate.LoadIfChanged().ok());
  InstallCertificate(second);
  CHECK(absl::IsInvalidArgument(certificate.LoadIfChanged().status()));
  CHECK(absl::IsInvalidArgument(certificate.LoadIfChanged().status()));
  Install(second);
  CHECK(certificate.LoadIfChanged().value() != nullptr);
}

TEST_CASE_METHOD(Fixture, "ServerCertificate: a missing file is refused", "[http]") {
  Install(first);
  ServerCertificate certificate(Certificate(), Key());
  REQUIRE(certificate.LoadIfChanged().ok());
  fs::remove(Key());
  CHECK(absl::IsInvalidArgument(certificate.LoadIfChanged().status()));
  CHECK(absl::IsInvalidArgument(ServerCertificate("/nowhere", Key()).LoadIfChanged().status()));
}

}  // namespace
}  // namespace countersign::http::security
