#pragma once

#include <CLI/App.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::cli::completion {

// A script for `shell` (bash, zsh or fish) that completes the verbs and options of `app` as they
// are, and file names elsewhere. INVALID_ARGUMENT for other shells.
absl::StatusOr<std::string> MakeScript(const CLI::App& app, absl::string_view shell);

}  // namespace countersign::cli::completion
