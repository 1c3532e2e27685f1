#pragma once

#include <vector>

#include "libs/config/fields.h"
#include "libs/config/resource_reader.h"

// The steps that the strict reader (resource_reader.h) and the draft (resource_draft.h) share.
namespace countersign::config {

struct CheckedResource {
  SourcedResource source;
  bool valid = true;  // no mistake was found in it
};

// Every resource of `files` that has a kind and a name, with its mistakes added to `mistakes`.
std::vector<CheckedResource> ReadAndCheck(const std::vector<SourceFile>& files,
                                          const ExternalValues& values, Mistakes& mistakes);

// Adds the typed form of `resource` to `set`.
void AddResource(const domain::Resource& resource, Mistakes& mistakes, domain::ResourceSet& set);

// Reports the references in `set` that lead nowhere, and a second default Connection.
void CheckReferences(const domain::ResourceSet& set, Mistakes& mistakes);

}  // namespace countersign::config
