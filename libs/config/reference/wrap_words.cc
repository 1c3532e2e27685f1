#include "libs/config/reference/wrap_words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace countersign::config::reference {

std::vector<std::string> WrapWords(absl::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (lines.empty() || lines.back().size() + 1 + word.size() > width) {
      lines.emplace_back(word);
    } else {
      absl::StrAppend(&lines.back(), " ", word);
    }
  }
  return lines;
}

}  // namespace countersign::config::reference
