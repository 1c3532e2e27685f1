#include "libs/base/text/edit_distance.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"

namespace countersign {

// Keeps one row of the table.
std::size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string ProbablyMeant(absl::string_view written, const std::vector<std::string>& names) {
  constexpr std::size_t kLongest = 64;  // longer names are not worth comparing
  if (written.size() > kLongest) return "";
  const std::string lower = absl::AsciiStrToLower(written);
  std::string nearest;
  // Two exchanged letters count as two replacements.
  const std::size_t most = std::max<std::size_t>(written.size() < 4 ? 1 : 2, written.size() / 3);
  std::size_t least = std::min(most + 1, written.size());
  for (const std::string& name : names) {
    const std::size_t distance = EditDistance(lower, absl::AsciiStrToLower(name));
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace countersign
