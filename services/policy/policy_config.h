#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/fields.h"
#include "libs/config/resource_reader.h"

namespace countersign::policy {

// Section `service:` of this service's configuration file.
struct PolicyConfig {
  std::size_t large_prompt_threads = 2;  // 1 … 64: for prompts of more than 64 KiB
  std::size_t large_prompt_queue = 256;  // 1 … 65536
  std::string cache_folder;              // for compiled patterns; empty: compile at every start
  // Files of resources that are applied to an empty store, so that somebody is an administrator.
  std::vector<std::string> initial_resources;
};

// For config::SectionReader. Mistakes are reported through `section`.
PolicyConfig ReadPolicyConfig(config::Fields& section,
                              const std::function<std::string(const std::string&)>& resolve);

// The contents of `config.initial_resources`. NOT_FOUND names the file that cannot be read.
absl::StatusOr<std::vector<config::SourceFile>> ReadInitialResources(const PolicyConfig& config);

}  // namespace countersign::policy
