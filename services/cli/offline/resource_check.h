#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_draft.h"

namespace countersign::cli::offline {

struct CheckReport {
  std::size_t resources = 0;
  // "Credential/openai without the environment variable OPENAI_API_KEY": what was not checked.
  std::vector<std::string> unchecked;
  std::vector<std::string> warnings;  // valid, and probably not meant (policy_warnings.h)
};

// Checks resource files with the code by which the gateway's parts validate them: reads them,
// compiles policies, masking profiles and identity providers, and parses credentials and addresses.
// Does not check references to resources that only the gateway has, with kMayLeadOutside.
//
// INVALID_ARGUMENT with every mistake on a line of its own, in the order of the files, none twice.
// Credentials' values are in no message.
absl::StatusOr<CheckReport> CheckResources(const std::vector<config::SourceFile>& files,
                                           const config::ExternalValues& values,
                                           const config::DraftOptions& options);

// What of `resources` was read without its secrets, as CheckReport::unchecked has it.
std::vector<std::string> DescribeUnchecked(const std::vector<config::SourcedResource>& resources);

}  // namespace countersign::cli::offline
