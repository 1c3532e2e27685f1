#include "libs/config/source_lines.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/config/fields.h"

namespace countersign::config {
namespace {

std::string Located(const std::string& mistake, const std::vector<SourcedResource>& resources) {
  for (const SourcedResource& source : resources) {
    const std::string subject = absl::StrCat(source.resource.kind, "/", source.resource.name, ": ");
    if (!absl::StartsWith(mistake, subject)) continue;
    absl::string_view path = absl::string_view(mistake).substr(subject.size());
    path = path.substr(0, path.find(": "));
    const std::size_t line = ClosestLine(source.lines, path);
    const std::string place =
        line == 0 ? source.source
                  : absl::StrCat(source.source.substr(0, source.source.rfind(':')), ":", line);
    return absl::StrCat(place, ": ", mistake);
  }
  return mistake;
}

}  // namespace

std::vector<std::string> WithSourceLines(const std::vector<std::string>& mistakes,
                                         const std::vector<SourcedResource>& resources) {
  std::vector<std::string> located;
  std::set<std::string> seen;
  for (const std::string& mistake : mistakes) {
    std::string line = Located(mistake, resources);
    if (seen.insert(line).second) located.push_back(std::move(line));
  }
  return located;
}

}  // namespace countersign::config
