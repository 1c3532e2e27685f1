#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/config/resource_reader.h"

namespace countersign::config {

// Resource files with whatever is wrong in them: for checks that want to find everything at once,
// and for the engines that run without a gateway.
struct ResourceDraft {
  std::vector<SourcedResource> resources;  // all that have a kind and a name
  // Typed values of what can be compiled: without the resources that cannot be read (dictionaries,
  // identities and bindings stay), and with a placeholder for each Dictionary and IdentityProvider
  // that is referred to and not there. Credentials are not sealed. Never null.
  std::shared_ptr<const domain::ResourceSet> set;
  std::vector<std::string> mistakes;  // each with its file and line, none twice
};

// Whether a reference to a resource that is not in the files is a mistake, or may be to one that
// the gateway has.
enum class References { kWithinFiles, kMayLeadOutside };

ResourceDraft ReadDraft(const std::vector<SourceFile>& files, const ExternalValues& values,
                        References references);

}  // namespace countersign::config
