#pragma once

#include <string>
#include <vector>

#include "libs/config/resource_reader.h"

namespace countersign::config {

// Prefixes mistakes that name a resource in `resources` and a path ("Policy/p:
// spec.when.pattern.regex: …") with their file and line. Other mistakes stay unchanged. Duplicates
// are dropped.
std::vector<std::string> WithSourceLines(const std::vector<std::string>& mistakes,
                                         const std::vector<SourcedResource>& resources);

}  // namespace countersign::config
