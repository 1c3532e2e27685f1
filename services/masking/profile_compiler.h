#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/secret.h"
#include "libs/domain/resources.h"
#include "libs/text/redaction/redaction.h"
#include "services/masking/analysis/sentence_analysis.h"
#include "services/masking/placeholders.h"

// Compiles the rules of a MaskingProfile resource.
namespace countersign::masking {

// The rule sets of both directions. Never null; empty when the profile has no rules for a
// direction.
struct CompiledProfile {
  std::shared_ptr<const text::redaction::RuleSet> response;
  std::shared_ptr<const text::redaction::RuleSet> prompt;
  std::shared_ptr<const PlaceholderRules>
      placeholders;  // of the prompt; null without placeholder rules
  // What an analyzer looks for; null without rules that name one.
  std::shared_ptr<const analysis::Wanted> response_analysis;
  std::shared_ptr<const analysis::Wanted> prompt_analysis;
  domain::UnknownEvents unknown_events = domain::UnknownEvents::kMask;
};

// INVALID_ARGUMENT has one line per mistake: the resource, the path, the position in a pattern, and
// the reason. `hash_key` is the key of the actions `hash` and `placeholder`. Whether an analyzer
// exists is not checked: Wanted::analyzer is null.
absl::StatusOr<CompiledProfile> CompileProfile(
    const domain::MaskingProfile& profile,
    const std::map<std::string, domain::Dictionary>& dictionaries, const SecretString& hash_key);

// The rules of `countersign mask --entities`: entity names, families (`secret.*`), `tier1` or
// `all`, each replaced by `<LABEL>`. INVALID_ARGUMENT, with the known names, for an unknown one.
absl::StatusOr<std::shared_ptr<const text::redaction::RuleSet>> CompileEntities(
    const std::vector<std::string>& entities);

}  // namespace countersign::masking
