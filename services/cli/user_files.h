#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/config/text_file.h"

// The files that the command line reads and keeps for its user, in $COUNTERSIGN_HOME, else
// ~/.countersign.
namespace countersign::cli {

using config::Environment;
using config::ReadFile;

// The path of the config file with the user's contexts (libs/config/user_context.h).
std::string ConfigPath();

// Remembers that the review `id` of the gateway at `url` was shown with `hash`, and gives it back
// ("" if it never was).
absl::Status RememberShown(absl::string_view url, absl::string_view id, absl::string_view hash);
std::string ShownHash(absl::string_view url, absl::string_view id);

// Writes `content` to a fresh file of mode 0600 and moves it to `path`. ALREADY_EXISTS is not an
// error: it replaces.
absl::Status WriteFile(const std::string& path, absl::string_view content);

}  // namespace countersign::cli
