#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace countersign::domain {

// One resource in the form in which it is read from files, stored, sent to the parts and listed.
// Code that needs typed values uses a ResourceSet (resources.h), which is built from these.
struct Resource {
  std::string kind;  // one of config::Kinds()
  std::string name;
  std::map<std::string, std::string> labels;
  // Canonical JSON: keys sorted, external values replaced by their contents. A Credential's is
  // {"sealed": …}, sealed by authn, never a value.
  std::string spec;
  std::uint64_t version = 0;  // the list's version when this last changed; 0: not committed
  absl::Time updated_at = absl::InfinitePast();
  // The version of the list in which the resource was created: a resource that is deleted and
  // created again under its old name is a different one. 0: not committed yet.
  std::uint64_t created_version = 0;
};

// All resources of one version, ordered by kind and name.
struct ResourceList {
  std::uint64_t version = 0;  // 0: nothing was ever stored
  std::vector<Resource> resources;
};

}  // namespace countersign::domain
