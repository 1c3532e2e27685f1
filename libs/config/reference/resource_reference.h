#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// What every kind of resource and each of its fields means: for `countersign explain`, the page
// docs/resources.md and the JSON Schemas of docs/schemas. Words and examples come from
// kinds/*.yaml; types, bounds and defaults from the reader itself, which reads the examples. A test
// compares the two, so no field can be missing here.
namespace countersign::config::reference {

struct Field {
  // "spec.match.models", without indices. Conditions of a policy have the path of the outermost,
  // "spec.when.keywords.dictionary"; the rules of a profile begin with "rule".
  std::string path;
  std::string type;      // in words: "text", "one of a, b", "mapping", "value", "condition"
  std::string fallback;  // the default, as YAML; empty: none
  bool required = false;
  std::string about;
};

struct Kind {
  std::string name;
  std::string about;
  std::vector<Field> fields;  // in the order of the file: a mapping before its fields
  std::vector<std::string> examples;
};

// All kinds, in the order of listings. Thread-safe.
const std::vector<Kind>& Kinds();

// Null: there is none. `name` as config::KindFromUser returns it.
const Kind* FindKind(absl::string_view name);

// The fields directly below `path` ("spec", "spec.match"). Below a list of rules, the fields of a
// rule; below a condition within a condition, those of "spec.when".
std::vector<const Field*> ChildFields(const Kind& kind, absl::string_view path);

// Null: the kind has no such field. "spec" itself is none.
const Field* FindField(const Kind& kind, absl::string_view path);

// The last part of a field's path.
absl::string_view LeafName(const Field& field);

// What the reader knows and the words do not, or the reverse; empty: they agree. For tests.
std::vector<std::string> FindGaps();

}  // namespace countersign::config::reference
