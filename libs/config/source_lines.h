#pragma once

#include <string>
#include <vector>

#include "libs/config/resource_reader.h"

namespace countersign::config {

// Mistakes that name a resource and a path ("Policy/p: spec.when.pattern.regex: …") with the file
// and line where that path is written in `documents` put before them. What names no resource of
// `documents` stays as it is; a mistake that is there twice is kept once, in its first place.
std::vector<std::string> WithSourceLines(const std::vector<std::string>& mistakes,
                                         const std::vector<ResourceDocument>& documents);

}  // namespace countersign::config
