#include "libs/dialects/splice.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace countersign::dialects {

absl::StatusOr<std::string> Splice(absl::string_view source, std::vector<Edit> edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::string result;
  result.reserve(source.size());
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < at || edit.end < edit.begin || edit.end > source.size()) {
      return absl::InternalError("changes to a text overlap or lie outside it");
    }
    absl::StrAppend(&result, source.substr(at, edit.begin - at), edit.replacement);
    at = edit.end;
  }
  absl::StrAppend(&result, source.substr(at));
  return result;
}

}  // namespace countersign::dialects
