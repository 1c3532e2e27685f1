#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/fields.h"
#include "libs/config/resource_reader.h"

namespace countersign::policy {

// What only this service knows: `service:` of its configuration file.
struct PolicyConfig {
  std::size_t large_prompt_threads = 2;  // 1 … 64: decide prompts of more than 64 KiB
  std::size_t large_prompt_queue = 256;  // 1 … 65536
  std::string cache_folder;  // of compiled patterns; empty: they are compiled at every start
  // Files of resources for a store that is still empty: who may administer.
  std::vector<std::string> initial_resources;
};

// For config::SectionReader. Mistakes are reported through `section`.
PolicyConfig ReadPolicyConfig(config::Fields& section,
                              const std::function<std::string(const std::string&)>& resolve);

// The contents of `config.initial_resources`. NOT_FOUND names the file that cannot be read.
absl::StatusOr<std::vector<config::SourceFile>> ReadInitialResources(const PolicyConfig& config);

}  // namespace countersign::policy
