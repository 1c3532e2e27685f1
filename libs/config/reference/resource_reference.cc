#include "libs/config/reference/resource_reference.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "libs/config/fields.h"
#include "libs/config/reference/kind_texts.h"
#include "libs/config/resource_reading.h"

namespace countersign::config::reference {
namespace {

constexpr absl::string_view kValue = "value";
constexpr absl::string_view kWhen = "spec.when";
constexpr absl::string_view kRule = "rule";

bool StartsWithPath(absl::string_view path, absl::string_view parent) {
  return absl::StartsWith(path, parent) &&
         (path.size() == parent.size() || path[parent.size()] == '.' || path[parent.size()] == '[');
}

std::string WithoutIndices(absl::string_view path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (c == '[') inside = true;
    if (!inside) out.push_back(c);
    if (c == ']') inside = false;
  }
  return out;
}

// The reader's path of a field as Field::path has it.
std::string ToReferencePath(absl::string_view read) {
  std::string path = WithoutIndices(read);
  for (const absl::string_view rules : {"spec.response", "spec.prompt"}) {
    if (path.size() > rules.size() && StartsWithPath(path, rules)) {
      return absl::StrCat(kRule, path.substr(rules.size()));
    }
  }
  if (!StartsWithPath(path, kWhen)) return path;
  absl::string_view rest = absl::string_view(path).substr(kWhen.size());
  for (bool nested = true; nested;) {
    nested = false;
    for (const absl::string_view group : {".any", ".all", ".not"}) {
      if (rest.size() > group.size() && StartsWithPath(rest, group)) {
        rest.remove_prefix(group.size());
        nested = true;
      }
    }
  }
  return absl::StrCat(kWhen, rest);
}

// What the reader asks for while it reads the examples, by path. Their mistakes do not matter here:
// the files and variables that they name are missing.
std::map<std::string, FieldDescription> DescribeRead(const Kind& kind) {
  std::vector<FieldDescription> read;
  for (const std::string& example : kind.examples) {
    Mistakes mistakes;
    mistakes.DescribeInto(read);
    ReadAndCheck({{kind.name, example}}, {}, Secrets::kMayBeMissing, mistakes);
  }
  std::map<std::string, FieldDescription> by_path;
  for (FieldDescription& field : read) {
    const std::string path = ToReferencePath(field.path);
    if (absl::StartsWith(path, "spec.") || StartsWithPath(path, kRule)) {
      by_path.emplace(path, std::move(field));
    }
  }
  return by_path;
}

// A kind as its file has it: fields that the reader describes are without a type.
Kind ReadKindFile(const char* text) {
  const YAML::Node file = YAML::Load(text);
  Kind kind{file["kind"].Scalar(), file["about"].Scalar(), {}, {}};
  for (const auto& member : file["fields"]) {
    Field field;
    field.path = member.first.Scalar();
    if (member.second.IsScalar()) {
      field.about = member.second.Scalar();
    } else {
      field.type = member.second["type"].Scalar();
      field.about = member.second["about"].Scalar();
    }
    kind.fields.push_back(std::move(field));
  }
  for (const YAML::Node& example : file["examples"]) kind.examples.push_back(example.Scalar());
  return kind;
}

// Takes "Required." from the words of a field whose reader only checks that it is there.
void MoveRequired(Field& field) {
  absl::string_view about = field.about;
  if (!absl::ConsumeSuffix(&about, " Required.")) return;
  field.about = std::string(about);
  field.required = true;
}

Kind Complete(Kind kind) {
  const std::map<std::string, FieldDescription> read = DescribeRead(kind);
  for (Field& field : kind.fields) {
    MoveRequired(field);
    const auto found = read.find(field.path);
    if (!field.type.empty() || found == read.end()) continue;
    field.type = found->second.type;
    field.required = field.required || found->second.required;
    if (!field.required) field.fallback = found->second.fallback;
    if (field.fallback == "[]" || field.fallback == "{}") field.fallback.clear();
  }
  return kind;
}

absl::string_view ParentPath(absl::string_view path) { return path.substr(0, path.rfind('.')); }

}  // namespace

const std::vector<Kind>& Kinds() {
  static const auto& kinds = *[] {
    auto* all = new std::vector<Kind>();
    for (const char* const text : KindTexts()) all->push_back(Complete(ReadKindFile(text)));
    return all;
  }();
  return kinds;
}

const Kind* FindKind(absl::string_view name) {
  for (const Kind& kind : Kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

std::vector<const Field*> ChildFields(const Kind& kind, absl::string_view path) {
  const Field* const field = FindField(kind, path);
  const absl::string_view type = field == nullptr ? "" : absl::string_view(field->type);
  absl::string_view parent = path;
  if (type == "list of rules") parent = kRule;
  if (absl::EndsWith(type, "condition") || type == "list of conditions") parent = kWhen;
  std::vector<const Field*> children;
  for (const Field& one : kind.fields) {
    if (ParentPath(one.path) == parent && one.path != parent) children.push_back(&one);
  }
  return children;
}

const Field* FindField(const Kind& kind, absl::string_view path) {
  const std::string wanted = ToReferencePath(path);
  for (const Field& field : kind.fields) {
    if (field.path == wanted) return &field;
  }
  return nullptr;
}

absl::string_view LeafName(const Field& field) {
  const absl::string_view path = field.path;
  return path.substr(path.rfind('.') + 1);
}

std::vector<std::string> FindGaps() {
  std::vector<std::string> gaps;
  for (const char* const text : KindTexts()) {
    const Kind kind = ReadKindFile(text);
    const std::map<std::string, FieldDescription> read = DescribeRead(kind);
    std::set<std::string> explained;
    std::set<std::string> values;
    for (const Field& field : kind.fields) {
      if (!explained.insert(field.path).second) {
        gaps.push_back(absl::StrCat(kind.name, ": ", field.path, " stands there twice"));
      }
      if (field.type == kValue) values.insert(field.path);
      if (field.type.empty() && read.count(field.path) == 0) {
        gaps.push_back(absl::StrCat(kind.name, ": ", field.path,
                                    " is not read from the examples: it has no such field, or no "
                                    "example has it"));
      }
    }
    for (const auto& [path, field] : read) {
      const bool in_value =
          absl::EndsWith(path, ".inline") && values.count(std::string(ParentPath(path))) != 0;
      if (explained.count(path) == 0 && !in_value) {
        gaps.push_back(absl::StrCat(kind.name, ": ", path, " is read and not explained"));
      }
    }
  }
  return gaps;
}

}  // namespace countersign::config::reference
