#pragma once

#include <string>
#include <vector>

#include "libs/domain/resources.h"

namespace countersign::cli::offline {

// Valid but probably unintended parts of the policies of `resources`, one sentence each with its
// place ("Policy/p: spec.match.models: …").
//
// A policy that asks for a review can permit everything that it matches: after an approval the call
// is forwarded, although no policy allows it. So there is a warning for a review policy that covers
// models, connections, operations, groups or identities that no allowing policy covers. If nothing
// is allowed without a review, this is intended, and there is no warning.
std::vector<std::string> FindPolicyWarnings(const domain::ResourceSet& resources);

}  // namespace countersign::cli::offline
