#include "libs/dialects/openai/text_members.h"

#include "absl/strings/str_cat.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai {
namespace {

using answers::Step;

std::string AtPath(const std::vector<Step>& path, std::size_t at, absl::string_view text) {
  if (at == path.size()) return json::Quote(text);
  const Step& step = path[at];
  const bool leaf = at + 1 == path.size();
  const std::string key = json::Quote(step.key);
  const std::string below = AtPath(path, at + 1, text);
  if (step.part && leaf) return absl::StrCat(key, ":[", below, "]");
  if (step.part) {
    const std::string type =
        step.type.empty() ? "" : absl::StrCat("\"type\":", json::Quote(step.type), ",");
    return absl::StrCat(key, ":[{", type, below, "}]");
  }
  if (step.index >= 0) return absl::StrCat(key, ":[{\"index\":", step.index, ",", below, "}]");
  return leaf ? absl::StrCat(key, ":", below) : absl::StrCat(key, ":{", below, "}");
}

}  // namespace

std::string WriteMembers(const std::vector<Step>& path, absl::string_view text) {
  return AtPath(path, 0, text);
}

}  // namespace countersign::dialects::openai
