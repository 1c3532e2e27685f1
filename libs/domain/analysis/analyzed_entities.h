#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::domain::analysis {

// What a masking rule leaves to an analyzer, a service with a model. In MaskingRule::entity it is
// written as `names/person,location@0.6`; detectors have no slash in their names.
struct AnalyzedEntities {
  std::string analyzer;               // its name in masking's configuration
  std::vector<std::string> entities;  // lower snake case
  double min_score = 0.5;             // 0 … 1: findings with less are ignored
};

// Pure; they are each other's inverse.
std::string ToString(const AnalyzedEntities& entities);
// Nothing for the entities of detectors.
std::optional<AnalyzedEntities> ParseAnalyzedEntities(absl::string_view text);

}  // namespace countersign::domain::analysis
