#include "services/policy/policy_config.h"

#include <fstream>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace countersign::policy {

PolicyConfig ReadPolicyConfig(config::Fields& section,
                              const std::function<std::string(const std::string&)>& resolve) {
  PolicyConfig config;
  config.large_prompt_threads = static_cast<std::size_t>(section.Integer(
      "largePromptThreads", static_cast<std::int64_t>(config.large_prompt_threads), 1, 64));
  config.large_prompt_queue = static_cast<std::size_t>(section.Integer(
      "largePromptQueue", static_cast<std::int64_t>(config.large_prompt_queue), 1, 65536));
  const std::string cache_folder = section.String("cacheFolder");
  if (!cache_folder.empty()) config.cache_folder = resolve(cache_folder);
  for (const std::string& file : section.Strings("initialResources")) {
    config.initial_resources.push_back(resolve(file));
  }
  return config;
}

absl::StatusOr<std::vector<config::SourceFile>> ReadInitialResources(const PolicyConfig& config) {
  std::vector<config::SourceFile> files;
  for (const std::string& path : config.initial_resources) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream content;
    content << stream.rdbuf();
    if (!stream) return absl::NotFoundError(absl::StrCat("cannot read ", path));
    files.push_back({path, content.str()});
  }
  return files;
}

}  // namespace countersign::policy
