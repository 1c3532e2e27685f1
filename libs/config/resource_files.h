#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_reader.h"

namespace countersign::config {

// The resource files given with `-f`: files, "-" for standard input, and for directories every
// *.yaml, *.yml and *.json in them, sorted by path; in their subdirectories only if `recursive`.
// Links to directories are not followed. INVALID_ARGUMENT when there is no file.
absl::StatusOr<std::vector<SourceFile>> ReadResourceFiles(const std::vector<std::string>& paths,
                                                          bool recursive = false);

// The contents of the environment variables and files to which the resources refer. A relative path
// is relative to the resource file's directory. Unreadable values are left out; ReadResources
// reports them with their lines.
absl::StatusOr<ExternalValues> ReadExternalValues(const std::vector<SourceFile>& files);

}  // namespace countersign::config
