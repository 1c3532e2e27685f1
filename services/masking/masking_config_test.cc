#include "services/masking/masking_config.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "libs/config/service_config.h"

namespace countersign::masking {
namespace {

// A temporary file, removed with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    REQUIRE(mkstemp(path_) >= 0);
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::remove(path_); }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/masking_config_testXXXXXX";
};

absl::StatusOr<MaskingConfig> Read(const std::string& section) {
  const TemporaryFile file("service: " + section);
  MaskingConfig config;
  const auto loaded = config::LoadServiceConfig(
      file.path(),
      [&](auto& fields, const auto& resolve) { config = ReadMaskingConfig(fields, resolve); });
  if (!loaded.ok()) return loaded.status();
  return config;
}

TEST_CASE("MaskingConfig: defaults, values and bounds", "[masking]") {
  CHECK(Read("{}")->large_text_threads == 2);
  const auto config = Read("{largeTextThreads: 8, largeTextQueue: 16, hashKeyFile: hash.key}");
  REQUIRE(config.ok());
  CHECK(config->large_text_threads == 8);
  CHECK(config->large_text_queue == 16);
  CHECK(config->hash_key_file == "/tmp/hash.key");
  CHECK_FALSE(Read("{largeTextThreads: 0}").ok());
  CHECK_FALSE(Read("{largeTextThread: 2}").ok());
}

TEST_CASE("ReadHashKey: random without a file; a short or missing file is refused", "[masking]") {
  SystemRandom random;
  MaskingConfig config;
  CHECK(ReadHashKey(config, random)->Reveal() != ReadHashKey(config, random)->Reveal());
  config.hash_key_file = "/nonexistent/hash.key";
  CHECK(ReadHashKey(config, random).status().code() == absl::StatusCode::kFailedPrecondition);
  const TemporaryFile short_key("too short");
  config.hash_key_file = short_key.path();
  CHECK_FALSE(ReadHashKey(config, random).ok());
  const TemporaryFile key(std::string(32, 'k'));
  config.hash_key_file = key.path();
  CHECK(ReadHashKey(config, random)->Reveal() == std::string(32, 'k'));
}

}  // namespace
}  // namespace countersign::masking
