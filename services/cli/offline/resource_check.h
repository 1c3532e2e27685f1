#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/config/resource_draft.h"

namespace countersign::cli::offline {

struct CheckReport {
  std::size_t resources = 0;
  // "Credential/openai without the environment variable OPENAI_API_KEY": what was not checked.
  std::vector<std::string> unchecked;
  std::vector<std::string> warnings;  // valid but probably unintended (policy_warnings.h)
};

// Checks resource files with the code by which the gateway's parts validate them: reads them,
// compiles policies, masking profiles and identity providers, and parses credentials and addresses.
// Does not check references to resources that only the gateway has, with kMayLeadOutside.
//
// INVALID_ARGUMENT with every mistake once, each on a separate line, in the order of the files.
// Messages never contain values of Credentials.
absl::StatusOr<CheckReport> CheckResources(const std::vector<config::SourceFile>& files,
                                           const config::ExternalValues& values,
                                           const config::DraftOptions& options);

// Such an error for text that no user wrote, without the file and line in front of each mistake.
std::string WithoutPlaces(absl::string_view mistakes);

// The `resources` that were read without their secrets, in the form of CheckReport::unchecked.
std::vector<std::string> DescribeUnchecked(const std::vector<config::SourcedResource>& resources);

}  // namespace countersign::cli::offline
