#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/secret.h"
#include "libs/domain/resources.h"
#include "libs/text/redaction/redaction.h"
#include "services/masking/placeholders.h"

// Compiles the rules of a MaskingProfile resource.
namespace countersign::masking {

// The rule sets of each direction. Never null; empty where the profile has no rules.
struct CompiledProfile {
  std::shared_ptr<const text::redaction::RuleSet> response;
  std::shared_ptr<const text::redaction::RuleSet> prompt;
  std::shared_ptr<const PlaceholderRules> placeholders;  // of the prompt; null without any
  domain::UnknownEvents unknown_events = domain::UnknownEvents::kMask;
};

// INVALID_ARGUMENT has every mistake on a line of its own: the resource, the path, the position in
// a pattern and the reason. `hash_key` keys the `hash` and `placeholder`
// actions.
absl::StatusOr<CompiledProfile> CompileProfile(
    const domain::MaskingProfile& profile,
    const std::map<std::string, domain::Dictionary>& dictionaries, const SecretString& hash_key);

// The rules behind `countersign mask --entities`: entity names, families (`secret.*`), `tier1` or
// `all`, replaced by `<LABEL>`. INVALID_ARGUMENT for an unknown name, with the known ones.
absl::StatusOr<std::shared_ptr<const text::redaction::RuleSet>> CompileEntities(
    const std::vector<std::string>& entities);

}  // namespace countersign::masking
