#include "libs/server/default_config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace countersign::server {
namespace {

constexpr std::size_t kCommentColumn = 40;

// A field, or a mapping with what is in it, in the order of the descriptions.
struct Entry {
  std::string name;
  const config::FieldDescription* field = nullptr;  // null: a mapping, or a list of mappings
  bool is_list = false;
  std::vector<Entry> children;

  // Whether it can be written with what has a default, and something does.
  bool HasDefault() const {
    if (field != nullptr) return !field->fallback.empty();
    const bool incomplete = std::any_of(children.begin(), children.end(), [](const Entry& child) {
      return child.field != nullptr && child.field->required;
    });
    return !incomplete && std::any_of(children.begin(), children.end(),
                                      [](const Entry& child) { return child.HasDefault(); });
  }
};

Entry& Child(Entry& parent, absl::string_view name) {
  for (Entry& child : parent.children) {
    if (child.name == name) return child;
  }
  parent.children.push_back({std::string(name)});
  return parent.children.back();
}

void Append(const Entry& entry, const std::string& indent, bool commented, std::string& out) {
  commented |= !entry.HasDefault();
  std::string line = absl::StrCat(commented ? "# " : "", indent, entry.name, ":");
  if (entry.field != nullptr) {
    if (!entry.field->fallback.empty()) absl::StrAppend(&line, " ", entry.field->fallback);
    line.resize(std::max(line.size() + 1, kCommentColumn), ' ');
    absl::StrAppend(&line, "# ", entry.field->type, entry.field->required ? ", required" : "");
  }
  absl::StrAppend(&out, line, "\n");
  const std::string inner(indent.size() + 2, ' ');
  bool first = true;
  for (const Entry& child : entry.children) {
    const absl::string_view mark = !entry.is_list ? "" : std::exchange(first, false) ? "- " : "  ";
    Append(child, absl::StrCat(inner, mark), commented, out);
  }
}

}  // namespace

std::string PrintDefaults(const std::vector<config::FieldDescription>& fields) {
  Entry root;
  for (const config::FieldDescription& field : fields) {
    Entry* at = &root;
    for (absl::string_view name : absl::StrSplit(field.path, '.')) {
      const bool in_list = absl::EndsWith(name, "[0]");
      at = &Child(*at, in_list ? name.substr(0, name.size() - 3) : name);
      at->is_list |= in_list;
    }
    at->field = &field;
  }
  std::string out;
  for (const Entry& child : root.children) Append(child, "", /*commented=*/false, out);
  return out;
}

}  // namespace countersign::server
