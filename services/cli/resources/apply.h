#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/config/resource_reader.h"
#include "services/cli/invocation.h"
#include "services/cli/resources/resource_names.h"

// What several verbs do with resources.
namespace countersign::cli::resources {

struct ApplyOptions {
  std::vector<std::string> files;
  std::vector<config::SourceFile> given;  // instead of `files`
  bool recursive = false;
  bool dry_run = false;
  bool no_wait = false;
  bool prune = false;  // delete what has the labels of `selector` and is not in the files
  std::string selector;
};

// Stores the resources of files, all or none, and prints what became of each.
absl::Status Apply(const Invocation& invocation, const ApplyOptions& options);

// Deletes one resource, and says so.
absl::Status DeleteResource(const Invocation& invocation, GatewayClient& gateway,
                            const ResourceName& name, bool no_wait);

// What may refer to others comes before them, so that no deletion leaves a reference to nothing.
void SortForDeletion(std::vector<ResourceName>& names);

}  // namespace countersign::cli::resources
