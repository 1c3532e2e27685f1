#include "libs/server/default_config.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include "libs/config/service_config.h"

namespace countersign::server {
namespace {

void ReadSection(config::Fields& section, const std::function<std::string(const std::string&)>&) {
  section.Integer("threads", 4, 1, 64);
  config::Fields limits = section.Nested("limits");
  limits.Duration("head", absl::Seconds(15), absl::Seconds(1), absl::Minutes(1));
  limits.String("file");
  section.ForEach("listen", [&](const YAML::Node& node, const std::string& path) {
    config::Fields fields(node, path, section.mistakes());
    fields.Required("address");
    fields.String("key");
  });
}

std::string Print() { return PrintDefaults(config::DescribeServiceConfig(ReadSection)); }

// Whether it has these lines, whatever the space before a comment.
bool Has(const std::string& lines) {
  const std::string text = std::regex_replace(Print(), std::regex(" +# "), " # ");
  return ("\n" + text).find("\n" + lines) != std::string::npos;
}

TEST_CASE("PrintDefaults: each field with its default and its type", "[server]") {
  CHECK(Has("metrics: 127.0.0.1:9464 # text\n"));
  CHECK(Has("service:\n  threads: 4 # whole number from 1 to 64\n"));
  CHECK(Has("  limits:\n    head: 15s # duration from 1s to 1m\n"));
  CHECK(Has("log:\n  level: info # one of debug, info, warning, error\n"));
}

TEST_CASE("PrintDefaults: what has no default is commented out", "[server]") {
  CHECK(Has("# listen: # text\n"));
  CHECK(Has("#     file: # text\n"));
}

TEST_CASE("PrintDefaults: a mapping with a required field is commented out as a whole",
          "[server]") {
  CHECK(Has("# database:\n#   conninfo: # text, required\n"));
  CHECK(Has("#   connections: 8 # whole number from 1 to 256\n"));
  CHECK(
      Has("#   listen:\n#     - address: # text, required\n"
          "#       key: # text\n"));
}

TEST_CASE("PrintDefaults: what is printed can be read", "[server]") {
  std::string path = std::filesystem::temp_directory_path().string() + "/cs-defaults-XXXXXX";
  const int file = ::mkstemp(path.data());
  REQUIRE(file >= 0);
  std::ofstream(path) << Print();
  CHECK(config::LoadServiceConfig(path, ReadSection).ok());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace countersign::server
