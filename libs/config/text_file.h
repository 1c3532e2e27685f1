#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace countersign::config {

// The content of a file, or of standard input for "-". NOT_FOUND, PERMISSION_DENIED or UNKNOWN with
// the path and the system's error; a directory is an error.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// An environment variable; "" when unset.
std::string Environment(const char* name);

}  // namespace countersign::config
