#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_draft.h"

namespace countersign::cli::offline {

// Checks resource files with the code by which the gateway's parts validate them: reads them,
// compiles policies, masking profiles and identity providers, and parses credentials and addresses.
// What the gateway alone knows (its other resources, under kMayLeadOutside) is not checked.
//
// The number of resources, or INVALID_ARGUMENT with every mistake on a line of its own, in the
// order of the files, none twice. Credentials' values are in no message.
absl::StatusOr<std::size_t> CheckResources(const std::vector<config::SourceFile>& files,
                                           const config::ExternalValues& values,
                                           config::References references);

}  // namespace countersign::cli::offline
