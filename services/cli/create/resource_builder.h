#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::cli::create {

// Writes one resource field by field. The reference of the kind says which fields there are and of
// what type they are. Not thread-safe.
class ResourceBuilder {
 public:
  // `kind` is one of config::Kinds().
  ResourceBuilder(std::string kind, std::string name);

  // The type of the field at `path` ("spec.match.models", also without "spec."), in the words of
  // the reference. NOT_FOUND suggests a field that may be meant.
  absl::StatusOr<std::string> FindType(absl::string_view path) const;

  // Sets a field to what `text` means for its type: a text, a number, true or false, a list with
  // commas, or for a value `env:NAME`, `file:PATH` or the value itself. INVALID_ARGUMENT when it
  // means nothing, and for fields that hold others.
  absl::Status Set(absl::string_view path, absl::string_view text);

  // Appends to a list, whose items are JSON.
  void Append(absl::string_view path, std::string json);
  void SetJson(absl::string_view path, std::string json);
  void AddLabel(absl::string_view name, absl::string_view value);

  // The document, as JSON.
  std::string str() const;

 private:
  struct Node {
    std::string json;                                   // a scalar or mapping, as it is
    std::vector<std::string> items;                     // of a list
    std::vector<std::pair<std::string, Node>> members;  // of a mapping
    std::string str() const;
  };
  Node& At(absl::string_view path);

  const std::string kind_;
  Node root_;
};

}  // namespace countersign::cli::create
