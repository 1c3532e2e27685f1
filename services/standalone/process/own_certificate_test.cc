#include "services/standalone/process/own_certificate.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "libs/crypto/certificate.h"
#include "libs/http/security/server_certificate.h"
#include "libs/testing/temporary_folder.h"

namespace countersign::standalone::process {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Fixture {
  testing::TemporaryFolder folder;
  DataDirectory directory = DataDirectory::Make(folder / "data").value();

  std::string Ensure(const std::string& host, absl::Time now = kNow) {
    return EnsureOwnCertificate(directory, host, now).value();
  }
  std::string Certificate() const { return Contents(directory.certificate()); }
};

TEST_CASE("EnsureOwnCertificate: the first start makes one that a server can use", "[standalone]") {
  Fixture fixture;
  CHECK(fixture.Ensure("127.0.0.1").empty());
  const auto read = crypto::ReadCertificate(fixture.Certificate()).value();
  CHECK(read.ip_addresses == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(read.dns_names == std::vector<std::string>{"localhost"});
  http::security::ServerCertificate served(fixture.directory.certificate(),
                                           fixture.directory.certificate_key());
  CHECK(served.LoadIfChanged().ok());
  struct stat status {};
  REQUIRE(stat(fixture.directory.certificate_key().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("EnsureOwnCertificate: later starts keep it", "[standalone]") {
  Fixture fixture;
  fixture.Ensure("127.0.0.1");
  const std::string first = fixture.Certificate();
  CHECK(fixture.Ensure("127.0.0.1", kNow + absl::Hours(24 * 700)).empty());
  CHECK(fixture.Ensure("0.0.0.0").empty());
  CHECK(fixture.Certificate() == first);
}

TEST_CASE("EnsureOwnCertificate: one that cannot serve is replaced, and it says why",
          "[standalone]") {
  Fixture fixture;
  fixture.Ensure("127.0.0.1");
  std::string last = fixture.Certificate();
  const auto replaced = [&](const std::string& host, absl::Time now, const std::string& why) {
    CHECK_THAT(fixture.Ensure(host, now), Catch::Contains(why));
    CHECK(fixture.Certificate() != last);
    last = fixture.Certificate();
  };
  replaced("10.1.2.3", kNow, "it does not name 10.1.2.3");
  replaced("10.1.2.3", kNow + absl::Hours(24 * 800), "it ends at 2029-");
  std::filesystem::remove(fixture.directory.certificate_key());
  replaced("10.1.2.3", kNow + absl::Hours(24 * 800), "could not be read with its key");
}

}  // namespace
}  // namespace countersign::standalone::process
