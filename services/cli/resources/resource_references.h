#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/json/document.h"

namespace countersign::cli::resources {

// One resource that refers to another by its name.
struct Reference {
  std::string kind;  // of the other one
  std::string name;
  std::string path;  // where: "spec.match.connections"
};

// What a resource of `kind` with this spec refers to, in the order of the spec. Names that may be
// groups as well as identities (a policy's reviewers) are given as both.
std::vector<Reference> FindReferences(absl::string_view kind, json::Value spec);

}  // namespace countersign::cli::resources
