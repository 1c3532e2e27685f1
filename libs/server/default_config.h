#pragma once

#include <string>
#include <vector>

#include "libs/config/fields.h"

namespace countersign::server {

// A configuration file with every field at its default and, in a comment, its type. Fields without
// a default, and mappings of only such, are commented out, so that the result can be read.
std::string PrintDefaults(const std::vector<config::FieldDescription>& fields);

}  // namespace countersign::server
