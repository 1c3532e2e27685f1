#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/json/document.h"

namespace countersign::cli::output {

// A template as kubectl's `-o jsonpath=` takes it: text, and in braces a path, a quoted text or a
// loop. "{range .items[*]}{.name}{\"\\n\"}{end}". A path has .member, ['member'], [N] (negative:
// from the end), [*] and [?(@.member=="text")] (also != and numbers). What a path does not find is
// empty; several values are separated by blanks. Immutable, thread-safe.
//
// Source: https://kubernetes.io/docs/reference/kubectl/jsonpath/, without slices, unions and "..".
class JsonPath {
 public:
  // A text without braces is one path. INVALID_ARGUMENT with the place of the mistake.
  static absl::StatusOr<JsonPath> Parse(absl::string_view text);

  // The text for `root`. Texts are printed as they are, everything else as JSON.
  std::string Evaluate(json::Value root) const;

  // The values that a template of one path finds.
  std::vector<json::Value> Find(json::Value root) const;

 private:
  struct Step;
  struct Node;
  class Parser;
  using Steps = std::vector<Step>;
  using Nodes = std::vector<Node>;

  static std::vector<json::Value> Follow(const Steps& steps, json::Value from);
  static void Write(const Nodes& nodes, json::Value root, std::string& out);

  std::shared_ptr<const Nodes> nodes_;
};

}  // namespace countersign::cli::output
