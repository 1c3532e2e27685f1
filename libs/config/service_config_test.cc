#include "libs/config/service_config.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "libs/config/secret_file.h"

namespace countersign::config {
namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/cs-config-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string Write(const std::string& name, const std::string& content) const {
    std::ofstream(path + "/" + name) << content;
    return path + "/" + name;
  }
  std::string path;
};

absl::StatusOr<ServiceConfig> Load(const std::string& yaml,
                                   const SectionReader& section = nullptr) {
  const Folder folder;
  return LoadServiceConfig(folder.Write("c.yaml", yaml), section);
}

std::string Mistake(const std::string& yaml, const SectionReader& section = nullptr) {
  const Folder folder;
  const auto config = LoadServiceConfig(folder.Write("c.yaml", yaml), section);
  REQUIRE(config.status().code() == absl::StatusCode::kInvalidArgument);
  std::string text(config.status().message());
  const std::string prefix = folder.path + "/";
  for (std::size_t at; (at = text.find(prefix)) != std::string::npos;)
    text.erase(at, prefix.size());
  return text;
}

TEST_CASE("LoadServiceConfig: an empty file gives the defaults", "[config]") {
  const auto config = Load("").value();
  CHECK(config.listen.empty());
  CHECK(config.metrics == "127.0.0.1:9464");
  CHECK_FALSE(config.tls.has_value());
  CHECK_FALSE(config.database.has_value());
  CHECK(config.drain_delay == absl::Seconds(5));
}

TEST_CASE("LoadServiceConfig: everything is read, files relative to the file", "[config]") {
  const Folder folder;
  folder.Write("pw", "it's\\secret\n");
  const std::string path = folder.Write("c.yaml", R"(
listen: 127.0.0.1:7101
metrics: "off"
tls: {certificate: tls.crt, key: /etc/tls.key, authority: ca.crt}
peers: {authn: "127.0.0.1:7102", session-recorder: "[::1]:7103"}
database: {conninfo: host=db dbname=c, passwordFile: pw, connections: 3}
secrets: keys
log: {level: debug, format: json}
drain: {delay: 0s, timeout: 2s}
addressesFile: out/addresses.json
service: {threads: 4}
)");
  std::int64_t threads = 0;
  const auto config = LoadServiceConfig(path, [&](Fields& section, const auto&) {
                        threads = section.Integer("threads", 1, 1, 64);
                      }).value();
  CHECK(config.listen == "127.0.0.1:7101");
  CHECK(config.metrics.empty());
  CHECK(config.tls->certificate == folder.path + "/tls.crt");
  CHECK(config.tls->key == "/etc/tls.key");
  CHECK(config.peers.at("session-recorder") == "[::1]:7103");
  CHECK(config.database->conninfo.Reveal() == R"(host=db dbname=c password='it\'s\\secret')");
  CHECK(config.database->connections == 3);
  CHECK(config.secrets == folder.path + "/keys");
  CHECK(config.log_level == "debug");
  CHECK(config.log_format == "json");
  CHECK(config.drain_delay == absl::ZeroDuration());
  CHECK(config.drain_timeout == absl::Seconds(2));
  CHECK(config.addresses_file == folder.path + "/out/addresses.json");
  CHECK(threads == 4);
}

TEST_CASE("LoadServiceConfig: all mistakes are reported at once, with lines", "[config]") {
  const std::string mistakes = Mistake("metrics: nowhere\nlisen: 127.0.0.1:1\n");
  CHECK_THAT(mistakes, Catch::Contains("c.yaml:1: metrics: must be HOST:PORT"));
  CHECK_THAT(mistakes, Catch::Contains("c.yaml:2: lisen: unknown field"));
}

TEST_CASE("LoadServiceConfig: an unknown field of the service is a mistake", "[config]") {
  CHECK_THAT(Mistake("service: {threds: 4}\n"), Catch::Contains("service.threds: unknown field"));
}

TEST_CASE("LoadServiceConfig: gRPC without TLS is a mistake", "[config]") {
  CHECK_THAT(Mistake("listen: 127.0.0.1:1\n"), Catch::Contains("need `tls`"));
  CHECK_THAT(Mistake("peers: {authn: \"127.0.0.1:1\"}\n"), Catch::Contains("need `tls`"));
}

TEST_CASE("LoadServiceConfig: a password in the file itself is a mistake", "[config]") {
  CHECK_THAT(Mistake("database: {conninfo: host=x password=y}\n"),
             Catch::Contains("must not hold a password"));
}

TEST_CASE("LoadServiceConfig: invalid YAML is reported with its line", "[config]") {
  CHECK_THAT(Mistake("a: [1\nb: 2\n"), Catch::StartsWith("c.yaml:"));
  CHECK_THAT(Mistake("- a\n- b\n"), Catch::Contains("must be a mapping"));
}

TEST_CASE("LoadServiceConfig: a missing file is NOT_FOUND", "[config]") {
  CHECK(LoadServiceConfig("/nowhere/c.yaml").status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("LoadOrCreateSecret: creates the file once, with mode 0600, and then reads it",
          "[config]") {
  const Folder folder;
  SystemRandom random;
  const std::string path = folder.path + "/key";
  const auto first = LoadOrCreateSecret(path, 32, random).value();
  CHECK(first.Reveal().size() == 32);
  CHECK(LoadOrCreateSecret(path, 32, random).value().Reveal() == first.Reveal());
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("LoadOrCreateSecret: a file with other content is not replaced", "[config]") {
  const Folder folder;
  SystemRandom random;
  const std::string path = folder.Write("key", "short");
  CHECK(LoadOrCreateSecret(path, 32, random).status().code() ==
        absl::StatusCode::kFailedPrecondition);
  CHECK(ReadSecretFile(path).value().Reveal() == "short");
}

TEST_CASE("CreateSecretFile: an existing file is kept", "[config]") {
  const Folder folder;
  const std::string path = folder.Write("key", "old");
  CHECK(CreateSecretFile(path, SecretString("new")).code() == absl::StatusCode::kAlreadyExists);
  CHECK(ReadSecretFile(path).value().Reveal() == "old");
}

TEST_CASE("ReadSecretFile: empty and missing files are refused", "[config]") {
  const Folder folder;
  CHECK_FALSE(ReadSecretFile(folder.Write("empty", "\n")).ok());
  CHECK_FALSE(ReadSecretFile(folder.path + "/missing").ok());
  CHECK_FALSE(ReadSecretFile(folder.Write("big", std::string(70'000, 'x'))).ok());
}

TEST_CASE("DescribeServiceConfig: a field is described once", "[config]") {
  int metrics = 0;
  for (const FieldDescription& field : DescribeServiceConfig(nullptr)) {
    metrics += field.path == "metrics" ? 1 : 0;
  }
  CHECK(metrics == 1);
}

}  // namespace
}  // namespace countersign::config
