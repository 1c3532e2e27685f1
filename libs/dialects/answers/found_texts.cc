#include "libs/dialects/answers/found_texts.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/domain/masker.h"

namespace countersign::dialects::answers {

std::string CopyField(absl::string_view field) { return absl::StrCat(domain::kProbePrefix, field); }

bool IsCopyField(absl::string_view field) { return absl::StartsWith(field, domain::kProbePrefix); }

bool HasMatchBeyond(const domain::FieldRelease& release, std::size_t before) {
  return std::any_of(release.masked.begin(), release.masked.end(),
                     [&](const domain::MaskedSpan& span) { return span.in_end > before; });
}

void AddOutput(const FoundTexts& found, std::vector<OutputText>& output) {
  for (const FoundText& text : found.texts) {
    if (text.is_output) output.push_back(OutputText{text.field, std::string(text.text())});
  }
}

void MarkLastPieces(FoundTexts& found) {
  absl::flat_hash_set<absl::string_view> seen;
  for (auto text = found.texts.rbegin(); text != found.texts.rend(); ++text) {
    if (text->continues()) text->last = seen.insert(text->field).second;
  }
}

}  // namespace countersign::dialects::answers
