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
  // Typed values to compile. Credentials and IdentityProviders with mistakes are left out; missing
  // Dictionaries and IdentityProviders that something refers to are placeholders. Other resources
  // with mistakes stay as far as they could be read, so that compiling finds further mistakes (see
  // AddNewMistakes). Credentials are not sealed. Never null.
  std::shared_ptr<const domain::ResourceSet> set;
  std::vector<std::string> mistakes;  // with file and line, without duplicates
};

// Whether a reference to a resource outside of the files is a mistake, or may refer to one in the
// gateway.
enum class References { kWithinFiles, kMayLeadOutside };

// How resources are read.
struct DraftOptions {
  References references = References::kWithinFiles;
  Secrets secrets = Secrets::kRequired;
};

ResourceDraft ReadDraft(const std::vector<SourceFile>& files, const ExternalValues& values,
                        const DraftOptions& options);

// Adds `found`, the mistakes reported by compiling `draft.set` ("Policy/p:
// spec.when.pattern.regex: …"), to the draft's mistakes with file and line. Leaves out those that
// follow from a known mistake: at the same field, within it or around it.
void AddNewMistakes(const std::vector<std::string>& found, ResourceDraft& draft);

}  // namespace countersign::config
