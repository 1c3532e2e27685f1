#pragma once

#include <yaml-cpp/yaml.h>

#include <set>
#include <string>

#include "libs/config/fields.h"
#include "libs/config/resource_reader.h"

namespace countersign::config {

// Adds the keys ("env:NAME", "file:PATH") of the external values in one resource's `spec`.
void CollectExternalValues(const std::string& kind, const YAML::Node& spec,
                           std::set<std::string>& keys);

// A copy of `spec` in which every {env: …} and {file: …} is an {inline: …} and a Dictionary's file
// is part of its terms; `spec` itself when there are none. Missing and malformed values are
// mistakes.
YAML::Node ResolveExternalValues(const std::string& kind, const YAML::Node& spec,
                                 const ExternalValues& values, Mistakes& mistakes);

}  // namespace countersign::config
