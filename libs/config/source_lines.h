#pragma once

#include <string>
#include <vector>

#include "libs/config/resource_reader.h"

namespace countersign::config {

// Puts the file and line before mistakes that name a resource of `resources` and a path in it
// ("Policy/p: spec.when.pattern.regex: …"). Other mistakes stay as they are. Of equal mistakes the
// first is kept.
std::vector<std::string> WithSourceLines(const std::vector<std::string>& mistakes,
                                         const std::vector<SourcedResource>& resources);

}  // namespace countersign::config
