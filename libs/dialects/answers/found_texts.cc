#include "libs/dialects/answers/found_texts.h"

#include "absl/container/flat_hash_set.h"

namespace countersign::dialects::answers {

void MarkLastPieces(FoundTexts& found) {
  absl::flat_hash_set<absl::string_view> seen;
  for (auto text = found.texts.rbegin(); text != found.texts.rend(); ++text) {
    if (text->continues()) text->last = seen.insert(text->field).second;
  }
}

}  // namespace countersign::dialects::answers
