#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/config/text_file.h"

// The files that the command line reads and writes for its user, in $COUNTERSIGN_HOME or else
// ~/.countersign.
namespace countersign::cli {

using config::Environment;
using config::ReadFile;

// The path of the config file, which has the user's contexts (libs/config/user_context.h).
std::string ConfigPath();

// Store and read the `hash` that was last shown for review `id` of the gateway at `url`; "" if it
// was never shown.
absl::Status RememberShown(absl::string_view url, absl::string_view id, absl::string_view hash);
std::string ShownHash(absl::string_view url, absl::string_view id);

// The path of the file with the login at the gateway at `url` (login/saved_login.h).
std::string LoginPath(absl::string_view url);

// Makes the folder that `path`, of a file of the user's, is in; others cannot read it.
absl::Status MakeUserFolder(const std::string& path);

// Writes all of `content` to `path`, or nothing, as OutputFile does.
absl::Status WriteFile(const std::string& path, absl::string_view content);

}  // namespace countersign::cli
