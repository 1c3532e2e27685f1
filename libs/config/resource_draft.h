#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/config/resource_reader.h"

namespace countersign::config {

// Resource files including their mistakes: for checks that report everything at once, and for
// engines that run without a gateway.
struct ResourceDraft {
  std::vector<SourcedResource> resources;  // all with a kind and a name
  // The typed resources that can be compiled: without unreadable ones (but dictionaries, identities
  // and bindings stay), and with a placeholder for each missing Dictionary and IdentityProvider
  // that is referred to. Credentials are not sealed. Never null.
  std::shared_ptr<const domain::ResourceSet> set;
  std::vector<std::string> mistakes;  // with file and line, without duplicates
};

// Whether a reference to a resource outside of the files is a mistake, or may refer to one in the
// gateway.
enum class References { kWithinFiles, kMayLeadOutside };

ResourceDraft ReadDraft(const std::vector<SourceFile>& files, const ExternalValues& values,
                        References references);

}  // namespace countersign::config
