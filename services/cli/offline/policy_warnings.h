#pragma once

#include <string>
#include <vector>

#include "libs/domain/resources.h"

namespace countersign::cli::offline {

// What is valid in the policies of `resources` and probably not meant, one sentence each with its
// place ("Policy/p: spec.match.models: …").
//
// A policy that asks for a review opens whatever it matches: an approval forwards the call,
// although no policy allows it. So a review policy is named where it covers models, connections,
// operations, groups or identities that none of the allowing policies beside it covers. Where
// nothing is allowed without a review, reviews are meant to open, and nothing is said.
std::vector<std::string> FindPolicyWarnings(const domain::ResourceSet& resources);

}  // namespace countersign::cli::offline
