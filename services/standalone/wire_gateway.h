#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/server/app.h"
#include "services/standalone/data_directory.h"
#include "services/standalone/process/main_options.h"

namespace countersign::standalone {

// Builds the whole gateway in `app`: the services' own cores, wired by direct calls, on the private
// PostgreSQL. Applies the resources that `options` names and opens the public listener, whose
// address it returns.
absl::StatusOr<std::string> WireGateway(const DataDirectory& directory,
                                        const process::Options& options, server::App& app);

}  // namespace countersign::standalone
