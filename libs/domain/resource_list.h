#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace countersign::domain {

// One resource, in the one form in which it is read from files, stored, sent to the parts and
// listed. Whoever works with what it says reads a ResourceSet (resources.h), which is made of
// these.
struct Resource {
  std::string kind;  // one of config::Kinds()
  std::string name;
  std::map<std::string, std::string> labels;
  // Canonical JSON: sorted keys, external values replaced by their contents. Of a Credential it is
  // {"sealed": …}, what authn sealed; never a value.
  std::string spec;
  std::uint64_t version = 0;  // of the list, when this last changed; 0: not committed yet
  absl::Time updated_at = absl::InfinitePast();
};

// All resources of one version, ordered by kind and name.
struct ResourceList {
  std::uint64_t version = 0;  // 0: nothing was ever stored
  std::vector<Resource> resources;
};

}  // namespace countersign::domain
