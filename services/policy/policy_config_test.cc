#include "services/policy/policy_config.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "libs/config/service_config.h"

namespace countersign::policy {
namespace {

// A configuration file in a temporary folder.
class File {
 public:
  explicit File(const std::string& service) {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/cs-policy-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream(folder_ + "/init.yaml") << "kind: Identity\n";
    std::ofstream(folder_ + "/c.yaml") << "metrics: 'off'\nservice: " << service << "\n";
  }
  ~File() { std::filesystem::remove_all(folder_); }

  absl::Status Read(PolicyConfig& config) const {
    return config::LoadServiceConfig(folder_ + "/c.yaml",
                                     [&](config::Fields& section, const auto& resolve) {
                                       config = ReadPolicyConfig(section, resolve);
                                     })
        .status();
  }

 private:
  std::string folder_;
};

TEST_CASE("PolicyConfig: an empty section gives the defaults", "[policy][config]") {
  PolicyConfig config;
  REQUIRE(File("{}").Read(config).ok());
  CHECK(config.large_prompt_threads == 2);
  CHECK(config.initial_resources.empty());
  CHECK(ReadInitialResources(config)->empty());
}

TEST_CASE("PolicyConfig: initial resources are found beside the file", "[policy][config]") {
  PolicyConfig config;
  const File file("{largePromptThreads: 4, cacheFolder: cache, initialResources: [init.yaml]}");
  const absl::Status status = file.Read(config);
  INFO(status.ToString());
  REQUIRE(status.ok());
  CHECK(config.cache_folder.find("/cache") != std::string::npos);  // beside the file
  CHECK(config.large_prompt_threads == 4);
  const auto files = ReadInitialResources(config);
  REQUIRE(files.ok());
  REQUIRE(files->size() == 1);
  CHECK(files->at(0).content == "kind: Identity\n");
}

TEST_CASE("PolicyConfig: a missing file is named", "[policy][config]") {
  PolicyConfig config;
  REQUIRE(File("{initialResources: [gone.yaml]}").Read(config).ok());
  const absl::Status missing = ReadInitialResources(config).status();
  CHECK(missing.code() == absl::StatusCode::kNotFound);
  CHECK(missing.message().find("gone.yaml") != absl::string_view::npos);
}

TEST_CASE("PolicyConfig: every mistake is reported", "[policy][config]") {
  PolicyConfig config;
  const absl::Status status = File("{largePromptThreads: 0, largePromptQueu: 5}").Read(config);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message().find("largePromptThreads") != absl::string_view::npos);
  CHECK(status.message().find("largePromptQueu") != absl::string_view::npos);
}

}  // namespace
}  // namespace countersign::policy
