#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_draft.h"

namespace countersign::cli::offline {

// Checks resource files with the code that the gateway's services validate them with: reads them,
// compiles policies, masking profiles and identity providers, and parses credentials and addresses.
// Does not check references to resources that only the gateway has, with kMayLeadOutside.
//
// Returns the number of resources, or INVALID_ARGUMENT with one line per mistake, in the order of
// the files and without duplicates. No message contains a credential's value.
absl::StatusOr<std::size_t> CheckResources(const std::vector<config::SourceFile>& files,
                                           const config::ExternalValues& values,
                                           config::References references);

}  // namespace countersign::cli::offline
