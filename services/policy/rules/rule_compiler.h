#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "libs/domain/resources.h"
#include "services/policy/rules/rule_set.h"
#include "services/policy/rules/text_engine.h"

namespace countersign::policy::rules {

// Compiles all policies of `set` at once: all keywords of the dictionaries that policies use, and
// all patterns, are put into one scanner, with one id per dictionary and per distinct pattern.
// Reuses the scanner of `previous` (may be null) when its terms are the same.
//
// INVALID_ARGUMENT lists every mistake, one per line, with its path:
//   Policy/regulated: spec.when.any[1].pattern.regex: position 4: …
// May take seconds: never call it on a request path. REQUIRES: references in `set` resolve;
// `engine` outlives the snapshot.
absl::StatusOr<std::shared_ptr<const Snapshot>> CompileSnapshot(
    std::shared_ptr<const domain::ResourceSet> set, const TextEngine& engine,
    const std::shared_ptr<const Snapshot>& previous);

}  // namespace countersign::policy::rules
