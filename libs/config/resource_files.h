#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_reader.h"

namespace countersign::config {

// The resource files that `-f` names: files, "-" for standard input, and of directories every
// *.yaml, *.yml and *.json in them, by path; of the directories within them only if `recursive`.
// Links to directories are not followed. INVALID_ARGUMENT when there is none.
absl::StatusOr<std::vector<SourceFile>> ReadResourceFiles(const std::vector<std::string>& paths,
                                                          bool recursive = false);

// The contents of the environment variables and files that the resources take values from. A
// relative file path is relative to the resource file's directory. What cannot be read is left out:
// ReadResources reports it with its line.
absl::StatusOr<ExternalValues> ReadExternalValues(const std::vector<SourceFile>& files);

}  // namespace countersign::config
