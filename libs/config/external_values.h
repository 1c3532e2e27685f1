#pragma once

#include <yaml-cpp/yaml.h>

#include <set>
#include <string>
#include <vector>

#include "libs/config/fields.h"
#include "libs/config/resource_reader.h"

namespace countersign::config {

// Adds the keys ("env:NAME", "file:PATH", "binary:PATH") of the external values in one resource's
// `spec`.
void CollectExternalValues(const std::string& kind, const YAML::Node& spec,
                           std::set<std::string>& keys);

struct ResolvedValues {
  // A copy of the spec in which every {env: …} and {file: …} is an {inline: …}, a Dictionary's file
  // is part of its terms and a SAML provider's metadataFile is its metadata; the spec itself where
  // there is nothing to resolve.
  YAML::Node spec;
  // Missing secrets, if `secrets` allows them: "the environment variable NAME", "the file PATH".
  std::vector<std::string> missing_secrets;
};

// Malformed values are mistakes. So are missing ones, except those that `secrets` allows.
ResolvedValues ResolveExternalValues(const std::string& kind, const YAML::Node& spec,
                                     const ExternalValues& values, Secrets secrets,
                                     Mistakes& mistakes);

}  // namespace countersign::config
