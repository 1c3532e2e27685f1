#pragma once

#include <vector>

#include "libs/config/fields.h"
#include "libs/config/resource_reader.h"

// Steps shared by the strict reader (resource_reader.h) and the draft (resource_draft.h).
namespace countersign::config {

struct CheckedResource {
  SourcedResource source;
  bool valid = true;  // no mistake was found in it
};

// The resources in `files` that have a kind and a name. Adds all mistakes to `mistakes`.
std::vector<CheckedResource> ReadAndCheck(const std::vector<SourceFile>& files,
                                          const ExternalValues& values, Secrets secrets,
                                          Mistakes& mistakes);

// Adds the typed form of `resource` to `set`.
void AddResource(const domain::Resource& resource, Mistakes& mistakes, domain::ResourceSet& set);

// Reports dangling references in `set`, and a second default Connection.
void CheckReferences(const domain::ResourceSet& set, Mistakes& mistakes);

}  // namespace countersign::config
