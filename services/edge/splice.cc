#include "services/edge/splice.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace countersign::edge {

std::string Splice(absl::string_view source, std::vector<Edit> edits) {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::string result;
  result.reserve(source.size());
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    absl::StrAppend(&result, source.substr(at, edit.begin - at), edit.replacement);
    at = edit.end;
  }
  absl::StrAppend(&result, source.substr(at));
  return result;
}

}  // namespace countersign::edge
