#include "libs/config/source_lines.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/config/fields.h"

namespace countersign::config {
namespace {

std::string Located(const std::string& mistake, const std::vector<ResourceDocument>& documents) {
  for (const ResourceDocument& document : documents) {
    const std::string subject = absl::StrCat(document.kind, "/", document.name, ": ");
    if (!absl::StartsWith(mistake, subject)) continue;
    absl::string_view path = absl::string_view(mistake).substr(subject.size());
    path = path.substr(0, path.find(": "));
    const std::size_t line = ClosestLine(document.lines, path);
    const std::string place =
        line == 0 ? document.source
                  : absl::StrCat(document.source.substr(0, document.source.rfind(':')), ":", line);
    return absl::StrCat(place, ": ", mistake);
  }
  return mistake;
}

}  // namespace

std::vector<std::string> WithSourceLines(const std::vector<std::string>& mistakes,
                                         const std::vector<ResourceDocument>& documents) {
  std::vector<std::string> located;
  std::set<std::string> seen;
  for (const std::string& mistake : mistakes) {
    std::string line = Located(mistake, documents);
    if (seen.insert(line).second) located.push_back(std::move(line));
  }
  return located;
}

}  // namespace countersign::config
