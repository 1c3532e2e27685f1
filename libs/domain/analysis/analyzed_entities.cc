#include "libs/domain/analysis/analyzed_entities.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace countersign::domain::analysis {

std::string ToString(const AnalyzedEntities& entities) {
  return absl::StrCat(entities.analyzer, "/", absl::StrJoin(entities.entities, ","), "@",
                      entities.min_score);
}

std::optional<AnalyzedEntities> ParseAnalyzedEntities(absl::string_view text) {
  const std::size_t slash = text.find('/');
  const std::size_t at = text.rfind('@');
  if (slash == text.npos || at == text.npos || at < slash) return std::nullopt;
  AnalyzedEntities entities;
  entities.analyzer = std::string(text.substr(0, slash));
  entities.entities = absl::StrSplit(text.substr(slash + 1, at - slash - 1), ',');
  if (!absl::SimpleAtod(text.substr(at + 1), &entities.min_score)) return std::nullopt;
  return entities;
}

}  // namespace countersign::domain::analysis
