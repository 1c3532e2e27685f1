#include "services/authn/authn_config.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "libs/config/service_config.h"
#include "libs/testing/temporary_folder.h"

namespace countersign::authn {
namespace {

struct Fixture {
  absl::Status Read(const std::string& service) {
    std::ofstream(folder / "c.yaml") << "metrics: 'off'\nservice: " << service << "\n";
    return config::LoadServiceConfig(folder / "c.yaml",
                                     [&](config::Fields& section, const auto& resolve) {
                                       config = ReadAuthnConfig(section, resolve);
                                     })
        .status();
  }

  countersign::testing::TemporaryFolder folder;
  AuthnConfig config;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "AuthnConfig: an empty section gives the defaults", "[authn]") {
  REQUIRE(Read("{}").ok());
  CHECK(config.threads == 4);
  CHECK(config.queue == 1024);
  CHECK(config.admin_keys.write.empty());
  CHECK(config.admin_keys.read.empty());
  CHECK(config.issuer_authority.empty());
}

TEST_CASE_METHOD(Fixture, "AuthnConfig: files are found beside the configuration", "[authn]") {
  const absl::Status status = Read(
      "{threads: 8, queue: 16, adminKeyFile: admin.key, initialAdminKeyFile: first.key, "
      "issuerAuthority: /etc/ca.pem}");
  INFO(status.ToString());
  REQUIRE(status.ok());
  CHECK(config.threads == 8);
  CHECK(config.queue == 16);
  CHECK(config.admin_keys.write == folder / "admin.key");
  CHECK(config.admin_keys.read == folder / "first.key");
  CHECK(config.issuer_authority == "/etc/ca.pem");
}

TEST_CASE_METHOD(Fixture, "AuthnConfig: every mistake is told with its path", "[authn]") {
  const absl::Status status = Read("{threads: 0, queue: many, bogus: 1}");
  CHECK(absl::IsInvalidArgument(status));
  const std::string message(status.message());
  for (const char* path : {"service.threads", "service.queue", "service.bogus"}) {
    CHECK_THAT(message, Catch::Contains(path));
  }
}

}  // namespace countersign::authn
