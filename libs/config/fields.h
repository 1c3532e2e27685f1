#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace YAML {
class Node;
}  // namespace YAML

// Code that only reads fields needs no header of yaml-cpp.
namespace countersign::config {

// The line of each value, counted from 1, by path: "spec.match.models[0]".
using SourceLines = std::map<std::string, std::size_t>;

// The line of `path`, or of the innermost enclosing field that has one; 0 if none.
std::size_t ClosestLine(const SourceLines& lines, absl::string_view path);

// A field that was asked for, for references.
struct FieldDescription {
  std::string path;      // "service.limits.bodyBytes"
  std::string type;      // in words, with its bounds
  std::string fallback;  // the default as YAML; empty: none
  bool required = false;
};

// Collects mistakes with their file and line. Not thread-safe.
class Mistakes {
 public:
  // The file and resource of the following mistakes, such as "policies.yaml" and
  // "Policy/regulated".
  void SetPlace(std::string file, std::string resource);
  // The lines of the following values, for copied nodes, because yaml-cpp's copies lose theirs.
  // Null: the nodes have their own. Valid until the next SetPlace.
  void SetLines(const SourceLines* lines) { lines_of_place_ = lines; }
  void Add(const YAML::Node& node, absl::string_view path, absl::string_view what);
  void AddLine(std::string line) { lines_.push_back(std::move(line)); }
  // Also appends what is asked for to `fields`, which must live as long as this object.
  void DescribeInto(std::vector<FieldDescription>& fields) { described_ = &fields; }
  // Describes one field; once per path.
  void Describe(FieldDescription field);
  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }
  absl::Status ToStatus() const;  // OK, or INVALID_ARGUMENT with one mistake per line

 private:
  std::string file_;
  std::string resource_;
  const SourceLines* lines_of_place_ = nullptr;
  std::vector<std::string> lines_;
  std::vector<FieldDescription>* described_ = nullptr;
};

// Reads one mapping strictly. Each accessor marks its field as known; when the value has the wrong
// type or is out of bounds it reports a mistake and returns the default. The destructor reports
// duplicate fields and fields for which no accessor was called. Numbers and booleans must be plain:
// "1" in quotes is a string.
class Fields {
 public:
  // A node that is not a mapping is a mistake and reads like an empty one. An undefined node reads
  // like an empty one.
  Fields(const YAML::Node& node, std::string path, Mistakes& mistakes);
  ~Fields();
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  bool Has(absl::string_view name);
  std::string Required(absl::string_view name);
  std::string String(absl::string_view name, absl::string_view fallback = "");
  bool Bool(absl::string_view name, bool fallback);
  std::int64_t Integer(absl::string_view name, std::int64_t fallback, std::int64_t least,
                       std::int64_t most);
  double Number(absl::string_view name, double fallback);
  absl::Duration Duration(absl::string_view name, absl::Duration fallback, absl::Duration least,
                          absl::Duration most);
  std::vector<std::string> Strings(absl::string_view name);
  std::vector<std::pair<std::string, std::string>> StringMap(absl::string_view name);
  // A value from `allowed`; `fallback` when absent, and with a mistake for other values.
  std::string Choice(absl::string_view name, const std::vector<std::string>& allowed,
                     absl::string_view fallback = "");

  // The mapping that is the value of `name`; reads like an empty one when absent.
  Fields Nested(absl::string_view name);
  YAML::Node Child(absl::string_view name);  // undefined when absent
  std::string Path(absl::string_view name) const;
  void Mistake(absl::string_view name, absl::string_view what);  // "" names the mapping itself
  void ForEach(absl::string_view name,
               const std::function<void(const YAML::Node&, const std::string& path)>& item);

  Mistakes& mistakes() { return mistakes_; }
  const YAML::Node& node() const { return *node_; }

 private:
  void Finish();
  void Describe(absl::string_view name, std::string type, std::string fallback);
  std::optional<std::string> Scalar(absl::string_view name, bool plain);

  const std::unique_ptr<const YAML::Node> node_;
  std::string path_;
  Mistakes& mistakes_;
  std::set<std::string> known_;
};

// The lines of all values within `node`, which is at `path`, down to 64 levels.
SourceLines CollectLines(const YAML::Node& node, const std::string& path);

// Appends `node` as canonical JSON: keys sorted, plain scalars typed as in YAML's core schema.
// INVALID_ARGUMENT when it is nested deeper than 64 levels or has more than 4 million values
// (aliases count each time).
absl::Status AppendCanonicalJson(const YAML::Node& node, std::string& out);

}  // namespace countersign::config
