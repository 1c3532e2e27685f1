#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/config/resource_reader.h"

namespace countersign::config {

// Resource files including their mistakes: for checks that report everything at once, and for
// engines that run without a gateway.
struct ResourceDraft {
  std::vector<SourcedResource> resources;  // all that have a kind and a name
  // Typed values of what can be compiled: without the Credentials and IdentityProviders that have
  // mistakes, and with a placeholder for each Dictionary and IdentityProvider that is referred to
  // and not there. Other kinds stay with their mistakes, as far as they could be read, so that what
  // else is wrong with them is found: see AddNewMistakes. Credentials are not sealed. Never null.
  std::shared_ptr<const domain::ResourceSet> set;
  std::vector<std::string> mistakes;  // with file and line, without duplicates
};

// Whether a reference to a resource outside of the files is a mistake, or may refer to one in the
// gateway.
enum class References { kWithinFiles, kMayLeadOutside };

// What resources are read with.
struct DraftOptions {
  References references = References::kWithinFiles;
  Secrets secrets = Secrets::kRequired;
};

ResourceDraft ReadDraft(const std::vector<SourceFile>& files, const ExternalValues& values,
                        const DraftOptions& options);

// `found`, what compiling `draft.set` has reported ("Policy/p: spec.when.pattern.regex: …", each on
// a line of its own), added to the draft's mistakes with file and line. Left out is what follows
// from a mistake that is known already: at the same field, within it or around it.
void AddNewMistakes(const std::vector<std::string>& found, ResourceDraft& draft);

}  // namespace countersign::config
