#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/config/resource_reader.h"

namespace countersign::config {

// The resource files that `-f` names: files, "-" for standard input, and of directories every
// *.yaml, *.yml and *.json in them, by path; of the directories within them only if `recursive`.
// Links to directories are not followed. INVALID_ARGUMENT when there is none.
absl::StatusOr<std::vector<SourceText>> ReadResourceFiles(const std::vector<std::string>& paths,
                                                          bool recursive = false);

// The contents of the environment variables and files that the resources take values from. A
// relative file path is relative to the resource file's directory. What is missing is left out:
// whoever reads the resources reports it with its line.
absl::StatusOr<ExternalValues> ReadExternalValues(const std::vector<SourceText>& files);

}  // namespace countersign::config
