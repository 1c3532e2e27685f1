#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "libs/domain/resources.h"
#include "services/policy/rules/rule_set.h"
#include "services/policy/rules/text_engine.h"

namespace countersign::policy::rules {

// Compiles all policies of `set` at once: every keyword of every dictionary that a policy uses and
// every pattern go into one scanner, each dictionary and each distinct pattern under one id. The
// scanner of `previous` (may be null) is taken over when its terms are the same, so that a change
// of anything else is served at once.
//
// INVALID_ARGUMENT lists every mistake, one per line, each with its place:
//   Policy/regulated: spec.when.any[1].pattern.regex: position 4: …
// May take seconds; never on a request path. REQUIRES: references in `set` are resolvable, `engine`
// outlives the snapshot.
absl::StatusOr<std::shared_ptr<const Snapshot>> CompileSnapshot(
    std::shared_ptr<const domain::ResourceSet> set, const TextEngine& engine,
    const std::shared_ptr<const Snapshot>& previous);

}  // namespace countersign::policy::rules
