#include "services/cli/output/line_diff.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace countersign::cli::output {
namespace {

constexpr std::size_t kMaxLines = 2000;

std::vector<absl::string_view> Lines(absl::string_view text) {
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace

std::string LineDiff(absl::string_view before, absl::string_view after) {
  const std::vector<absl::string_view> a = Lines(before);
  const std::vector<absl::string_view> b = Lines(after);
  const bool small = a.size() <= kMaxLines && b.size() <= kMaxLines;
  // common[i][j] is the length of the longest common subsequence of a[i…] and b[j…].
  std::vector<std::vector<int>> common(a.size() + 1, std::vector<int>(small ? b.size() + 1 : 1));
  for (std::size_t i = a.size(); small && i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] =
          a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string out;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (small && i < a.size() && j < b.size() && a[i] == b[j]) {
      absl::StrAppend(&out, " ", a[i++], "\n");
      ++j;
    } else if (i < a.size() && (!small || j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      absl::StrAppend(&out, "-", a[i++], "\n");
    } else {
      absl::StrAppend(&out, "+", b[j++], "\n");
    }
  }
  return out;
}

}  // namespace countersign::cli::output
