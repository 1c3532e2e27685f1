#include "services/masking/masking_config.h"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string>

namespace countersign::masking {
namespace {

absl::StatusOr<MaskingConfig> Read(const std::string& yaml) {
  config::Mistakes mistakes;
  MaskingConfig config;
  {
    config::Fields section(YAML::Load(yaml), "service", mistakes);
    config = ReadMaskingConfig(section, [](const std::string& file) { return "/etc/cs/" + file; });
  }
  if (!mistakes.empty()) return mistakes.ToStatus();
  return config;
}

TEST_CASE("MaskingConfig: defaults, values and bounds", "[masking]") {
  CHECK(Read("{}")->large_text_threads == 2);
  const auto config = Read("{largeTextThreads: 8, largeTextQueue: 16, hashKeyFile: hash.key}");
  REQUIRE(config.ok());
  CHECK(config->large_text_threads == 8);
  CHECK(config->large_text_queue == 16);
  CHECK(config->hash_key_file == "/etc/cs/hash.key");
  CHECK_FALSE(Read("{largeTextThreads: 0}").ok());
  CHECK_FALSE(Read("{largeTextThread: 2}").ok());
}

TEST_CASE("ReadHashKey: random without a file, and never a short or missing one", "[masking]") {
  SystemRandom random;
  MaskingConfig config;
  CHECK(ReadHashKey(config, random)->Reveal() != ReadHashKey(config, random)->Reveal());
  config.hash_key_file = "/nonexistent/hash.key";
  CHECK(ReadHashKey(config, random).status().code() == absl::StatusCode::kFailedPrecondition);
  char path[] = "/tmp/masking_config_testXXXXXX";
  REQUIRE(mkstemp(path) >= 0);
  config.hash_key_file = path;
  std::ofstream(path) << "too short";
  CHECK_FALSE(ReadHashKey(config, random).ok());
  std::ofstream(path) << std::string(32, 'k');
  CHECK(ReadHashKey(config, random)->Reveal() == std::string(32, 'k'));
  std::remove(path);
}

}  // namespace
}  // namespace countersign::masking
